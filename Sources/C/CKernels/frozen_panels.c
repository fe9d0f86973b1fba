#include "frozen_panels.h"

#include "parallel.h"
#include "transpose.h"

// ---- Rows of x

// Of rows or of columns of x.
struct panels_of_x {
    long rows, width;
    bool widened;
    const void *x;
    void *panels;
};

// One row of one panel.
KERF_INLINE void row_panel(const struct panels_of_x *o, long row, long panel, enum kerf_format format) {
    const enum kerf_format to = o->widened ? KERF_F32 : format;
    const char *later =
        (const char *)o->x + (row * o->width + (panel + 1) * KERF_PANEL) * (long)kerf_format_bytes(format);
    kerf_vector v;
    for (long i = 0; i < KERF_PANEL; i += KERF_LANES) {
        const long column = panel * KERF_PANEL + i;
        __builtin_prefetch(later + i * (long)kerf_format_bytes(format));
        if (column < o->width)
            kerf_load_format(&v, o->x, row * o->width + column, kerf_step(column, o->width), format);
        else v = (kerf_vector){};
        kerf_store_format(o->panels, (panel * o->rows + row) * KERF_PANEL + i, &v, KERF_LANES, to);
    }
}

// A few rows at a time, so that most of what is written is contiguous.
KERF_INLINE void row_panels(const struct panels_of_x *o, long begin, long end, enum kerf_format format) {
    const long panels = kerf_round_up(o->width, KERF_PANEL) / KERF_PANEL, rows = 32;
    for (long first = begin; first < end; first += rows)
        for (long panel = 0; panel < panels; panel++)
            for (long row = first; row < kerf_least(first + rows, end); row++) row_panel(o, row, panel, format);
}
KERF_FORMATS(row_panels)

void kerf_row_panels(int threads, long rows, long width, enum kerf_format format, bool widened, const void *x,
                     void *panels) {
    struct panels_of_x arguments = {rows, width, widened, x, panels};
    kerf_for_rows(threads, rows, row_panels_of(format), &arguments);
}

// ---- Columns of x

// Elements of 32 bits, 16 of each of 16 rows, transposed to 16 rows of V; widened pairs become two rows each.
KERF_INLINE void column_square(const struct panels_of_x *o, long row, long element, enum kerf_format format) {
    const long per_element = format == KERF_F32 ? 1 : 2;
    kerf_bits square[16];
    const long bytes = o->width * (long)kerf_format_bytes(format);
    const char *from = (const char *)o->x + row * bytes + element * 4;
    const long rows = kerf_least(16, o->rows - row), left = kerf_least(64, bytes - element * 4);
    for (int i = 0; i < 16; i++) {
        if (i < rows && left == 64) {
            memcpy(&square[i], from + i * bytes, 64);
        } else {
            square[i] = (kerf_bits){};
            if (i < rows && left > 0) memcpy(&square[i], from + i * bytes, (size_t)left);
        }
    }
    kerf_transpose_square(square);
    const bool widened = format == KERF_BF16 && o->widened;
    const long column = element * per_element, block = column / KERF_BLOCK * KERF_BLOCK;
    const long divisor = widened ? 1 : per_element;
    uint32_t *to = (uint32_t *)o->panels
        + kerf_column_offset(row / KERF_PANEL * KERF_PANEL, block, o->rows, o->width) / divisor
        + (column - block) / divisor * KERF_PANEL + row % KERF_PANEL;
    for (int i = 0; i < 16; i++) {
        if (widened) {
            const kerf_bits first = square[i] << 16, second = square[i] & 0xffff0000u;
            memcpy(to + 2 * i * KERF_PANEL, &first, sizeof first);
            memcpy(to + (2 * i + 1) * KERF_PANEL, &second, sizeof second);
        } else {
            memcpy(to + i * KERF_PANEL, &square[i], sizeof square[i]);
        }
    }
}

// Squares of 16 elements in a row, with padding.
KERF_INLINE long square_count(long width, enum kerf_format format) {
    return kerf_round_up(width, KERF_PANEL) / (format == KERF_F32 ? 16 : 32);
}

KERF_INLINE void column_panels(const struct panels_of_x *o, long begin, long end, enum kerf_format format) {
    const long squares = square_count(o->width, format);
    for (long unit = begin; unit < end; unit++) {
        const long row = unit / squares * KERF_PANEL, element = unit % squares * 16;
        for (long i = 0; i < KERF_PANEL; i += 16) column_square(o, row + i, element, format);
    }
}
KERF_FORMATS(column_panels)

void kerf_column_panels(int threads, long rows, long width, enum kerf_format format, bool widened, const void *x,
                        void *panels) {
    struct panels_of_x arguments = {rows, width, widened, x, panels};
    const long units = kerf_round_up(rows, KERF_PANEL) / KERF_PANEL * square_count(width, format);
    kerf_for_rows(threads, units, column_panels_of(format), &arguments);
}

// ---- Results

KERF_INLINE void add_row(kerf_vector *v, long index, long lanes, enum kerf_format format, const void *base, void *y) {
    kerf_vector before;
    if (base) {
        kerf_load_format(&before, base, index, lanes, format);
        *v += before;
    }
    kerf_store_format(y, index, v, lanes, format);
}

KERF_CLONES void kerf_add_transposed(long rows, long columns, const float *t, long t_row, enum kerf_format format,
                                     const void *base, void *y, long y_row) {
    for (long row = 0; row < rows; row += 16)
        for (long column = 0; column < columns; column += 16) {
            kerf_bits square[16];
            for (int i = 0; i < 16; i++) memcpy(&square[i], t + (column + i) * t_row + row, sizeof square[i]);
            kerf_transpose_square(square);
            const long height = kerf_least(16, rows - row), lanes = kerf_step(column, columns);
            // y's rows are far apart, so that the processor does not foresee the next ones.
            const char *later = (const char *)y + ((row + 16) * y_row + column) * (long)kerf_format_bytes(format);
            for (int i = 0; i < 16; i++) __builtin_prefetch(later + i * y_row * (long)kerf_format_bytes(format), 1, 3);
            for (int i = 0; i < height; i++) {
                kerf_vector v = (kerf_vector)square[i];
                add_row(&v, (row + i) * y_row + column, lanes, format, base, y);
            }
        }
}

KERF_CLONES void kerf_add_rows(long rows, long columns, const float *t, long t_row, enum kerf_format format,
                               const void *base, void *y, long y_row) {
    kerf_vector v;
    for (long row = 0; row < rows; row++)
        for (long column = 0; column < columns; column += KERF_LANES) {
            memcpy(&v, t + row * t_row + column, sizeof v);
            add_row(&v, row * y_row + column, kerf_step(column, columns), format, base, y);
        }
}
