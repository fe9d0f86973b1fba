#pragma once

#include "panel_tile.h"

#include <stddef.h>

// Operands of products with frozen weights in panels of 64.
//
// A weight W[outputs, inputs] lies in blocks of 256 outputs. A block holds panels of 64 inputs, and a panel 64 consecutive
// inputs of each of the block's outputs: [outputs / 256][inputs / 64][256][64]. Both sizes are rounded up to multiples of
// 64, with zeros; the last block has fewer outputs. So a block's panel is contiguous for the sum over the outputs, and a
// block's consecutive panels for the sum over the inputs.

enum { KERF_BLOCK = 256 };

static inline long kerf_round_up(long count, long unit) { return (count + unit - 1) / unit * unit; }
static inline long kerf_least(long a, long b) { return a < b ? a : b; }
static inline size_t kerf_format_bytes(enum kerf_format format) { return format == KERF_F32 ? 4 : 2; }

// Outputs of the block that holds an output, with padding.
static inline long kerf_block_rows(long output, long outputs) {
    return kerf_least(KERF_BLOCK, kerf_round_up(outputs, KERF_PANEL) - output / KERF_BLOCK * KERF_BLOCK);
}

// Number of elements before the first of a panel for an output.
static inline long kerf_panel_offset(long output, long panel, long outputs, long inputs) {
    const long block = output / KERF_BLOCK * KERF_BLOCK;
    return block * kerf_round_up(inputs, KERF_PANEL)
        + (panel * kerf_block_rows(output, outputs) + output - block) * KERF_PANEL;
}

// y = x as f32, for `count` elements of bf16, a multiple of 16.
void kerf_widen(long count, const void *x, float *y);

// Rows of x, [rows, width], in panels of 64 elements: [width / 64, rounded up][rows][64], in f32 or in x's own format.
void kerf_row_panels(int threads, long rows, long width, enum kerf_format format, bool widened, const void *x,
                     void *panels);

// Columns of x, [rows, width], so that x can be V of a tile: [width / 256][rows / 64][256][64], rounded up. In bf16 and
// not widened an element is a pair of consecutive columns, of which there are half as many.
void kerf_column_panels(int threads, long rows, long width, enum kerf_format format, bool widened, const void *x,
                        void *panels);

// Number of elements of 32 bits in the panels of kerf_column_panels before column `column` of row `row`, which are
// multiples of 256 and of 64.
static inline long kerf_column_offset(long row, long column, long rows, long width, long per_element) {
    const long padded_rows = kerf_round_up(rows, KERF_PANEL);
    const long columns = kerf_least(KERF_BLOCK, kerf_round_up(width, KERF_PANEL) - column);
    return (column * padded_rows + row * columns) / per_element;
}

// y = base + t' for t[columns, rows], and y = base + t for t[rows, columns]: results of tiles, with `t_row` floats from a
// row of t to the next. The base may be NULL (zero) and may be y itself. `y_row` elements are from a row of y to the next.
// Memory of up to 15 more rows than t has is read.
void kerf_add_transposed(long rows, long columns, const float *t, long t_row, enum kerf_format format,
                         const void *base, void *y, long y_row);
void kerf_add_rows(long rows, long columns, const float *t, long t_row, enum kerf_format format, const void *base,
                   void *y, long y_row);
