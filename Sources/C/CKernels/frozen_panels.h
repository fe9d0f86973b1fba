#pragma once

#include "frozen_weight.h"
#include "panel_tile.h"

#include <stddef.h>

// The other operands and the results of products with frozen weights, whose own panels are in frozen_weight.h.

// Rows of x, [rows, width], in panels of 64 elements: [width / 64, rounded up][rows][64], in f32 or in x's own format.
void kerf_row_panels(int threads, long rows, long width, enum kerf_format format, bool widened, const void *x,
                     void *panels);

// Columns of x, [rows, width], so that x can be V of a tile: [width / 256][rows / 64][256][64], rounded up. In bf16 and
// not widened an element is a pair of consecutive columns, of which there are half as many.
void kerf_column_panels(int threads, long rows, long width, enum kerf_format format, bool widened, const void *x,
                        void *panels);

// Numbers in the panels of kerf_column_panels before column `column` of row `row`, which are multiples of 256 and of 64.
static inline long kerf_column_offset(long row, long column, long rows, long width) {
    const long padded_rows = kerf_round_up(rows, KERF_PANEL);
    const long columns = kerf_least(KERF_BLOCK, kerf_round_up(width, KERF_PANEL) - column);
    return column * padded_rows + row * columns;
}

// y = base + t' for t[columns, rows], and y = base + t for t[rows, columns]: results of tiles, with `t_row` floats from a
// row of t to the next. The base may be NULL (zero) and may be y itself. `y_row` elements are from a row of y to the next.
// Memory of up to 15 more rows than t has is read.
void kerf_add_transposed(long rows, long columns, const float *t, long t_row, enum kerf_format format,
                         const void *base, void *y, long y_row);
void kerf_add_rows(long rows, long columns, const float *t, long t_row, enum kerf_format format, const void *base,
                   void *y, long y_row);
