#include "parallel.h"
#include "tile.h"
#include "vector.h"

// The products of LoRA, in which one side has only `rank` rows or columns. A general matrix product would read the long
// side no faster and pad the short one; here a tile of rows and ranks is kept in registers.
//
// The short side P[rank, width] is stored in panels, [width / 16][rank][16], padded with zeros: with a row stride of a
// power of two, rows would evict each other from the cache.

struct panels {
    long width, rank;
    const float *p;
    bool transposed;
    float *panels;
};

static void panel_rows(const void *arguments, long begin, long end) {
    const struct panels *a = arguments;
    for (long panel = begin; panel < end; panel++) {
        const long first = panel * KERF_LANES, lanes = kerf_step(first, a->width);
        float *to = a->panels + first * a->rank;
        memset(to, 0, (size_t)(a->rank * KERF_LANES) * sizeof *to);
        for (long i = 0; i < lanes; i++)
            for (long j = 0; j < a->rank; j++)
                to[j * KERF_LANES + i] = a->transposed ? a->p[(first + i) * a->rank + j] : a->p[j * a->width + first + i];
    }
}

void kerf_low_rank_panels(int threads, long width, long rank, const float *p, bool transposed, float *panels) {
    struct panels arguments = {width, rank, p, transposed, panels};
    kerf_for_rows(threads, (width + KERF_LANES - 1) / KERF_LANES, panel_rows, &arguments);
}

// Sums of 8 vectors, in the lanes 0, 2, ... 14: halves are added crosswise until each lane pair belongs to one vector.
KERF_INLINE void sum_eight(kerf_vector *result, const kerf_vector v[8]) {
    kerf_vector four[4], two[2], one;
    for (int i = 0; i < 4; i++)
        four[i] = __builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22,
                                          23) +
                  __builtin_shufflevector(v[2 * i], v[2 * i + 1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28,
                                          29, 30, 31);
    for (int i = 0; i < 2; i++)
        two[i] = __builtin_shufflevector(four[2 * i], four[2 * i + 1], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24,
                                         25, 26, 27) +
                 __builtin_shufflevector(four[2 * i], four[2 * i + 1], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28,
                                         29, 30, 31);
    one = __builtin_shufflevector(two[0], two[1], 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29) +
          __builtin_shufflevector(two[0], two[1], 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
    *result = one + __builtin_shufflevector(one, one, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}

// ---- t = scale x P': rows of x against rows of P

struct project {
    long width, rank;
    const void *x;
    const float *p;
    float scale;
    float *t;
    long stride;
};

// Adds the products of the columns from i on, `lanes` of them.
KERF_INLINE void project_step(const struct project *a, long row, long i, long j, const int rows, const int ranks,
                              long lanes, enum kerf_format format, kerf_vector sums[3][8]) {
    kerf_vector x[3], p;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) kerf_load_format(&x[r], a->x, (row + r) * a->width + i, lanes, format);
#pragma clang loop unroll(full)
    for (int k = 0; k < ranks; k++) {
        kerf_load(&p, a->p + i * a->rank + (j + k) * KERF_LANES, KERF_LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) sums[r][k] += x[r] * p;
    }
}

KERF_INLINE void project_block(const struct project *a, long row, long j, const int rows, const int ranks,
                               enum kerf_format format) {
    kerf_vector sums[3][8] = {};
    const long width = a->width;
    long i = 0;
    for (; i + KERF_LANES <= width; i += KERF_LANES)
        project_step(a, row, i, j, rows, ranks, KERF_LANES, format, sums);
    if (i < width) project_step(a, row, i, j, rows, ranks, width - i, format, sums);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
        kerf_vector total;
        sum_eight(&total, sums[r]);
#pragma clang loop unroll(full)
        for (int k = 0; k < ranks; k++) a->t[(row + r) * a->stride + j + k] = a->scale * total[2 * k];
    }
}

KERF_INLINE void project(const struct project *a, long begin, long end, enum kerf_format format) {
    const bool wide = kerf_has_wide_registers();
    for (long row = begin; row < end;) {
        const bool three = wide && row + 3 <= end;
        long j = 0;
        if (three) {
            for (; j + 8 <= a->rank; j += 8) project_block(a, row, j, 3, 8, format);
            for (; j < a->rank; j++) project_block(a, row, j, 3, 1, format);
        } else {
            for (; j + 4 <= a->rank; j += 4) project_block(a, row, j, 1, 4, format);
            for (; j < a->rank; j++) project_block(a, row, j, 1, 1, format);
        }
        row += three ? 3 : 1;
    }
}
KERF_FORMATS(project)

void kerf_low_rank_project(int threads, long rows, long width, long rank, enum kerf_format format, const void *x,
                           const float *p, float scale, float *t, long stride) {
    struct project arguments = {width, rank, x, p, scale, t, stride};
    kerf_for_rows(threads, rows, project_of(format), &arguments);
}

// ---- y = base + t P: a row of y from the rows of P

struct expand {
    long width, rank;
    const float *t;
    long stride;
    const float *p;
    const void *base;
    void *y;
};

KERF_INLINE void expand_block(const struct expand *a, long row, long i, const int rows, const int vectors, long lanes,
                              enum kerf_format format) {
    kerf_vector sums[4][4] = {}, p[4];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            if (a->base)
                kerf_load_format(&sums[r][v], a->base, (row + r) * a->width + i + v * KERF_LANES, lanes, format);
    for (long j = 0; j < a->rank; j++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            kerf_load(&p[v], a->p + (i + v * KERF_LANES) * a->rank + j * KERF_LANES, KERF_LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const float t = a->t[(row + r) * a->stride + j];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[r][v] += p[v] * t;
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            kerf_store_format(a->y, (row + r) * a->width + i + v * KERF_LANES, &sums[r][v], lanes, format);
}

KERF_INLINE void expand(const struct expand *a, long begin, long end, enum kerf_format format) {
    long row = begin;
    for (; row + 4 <= end; row += 4) {
        long i = 0;
        for (; i + 4 * KERF_LANES <= a->width; i += 4 * KERF_LANES) expand_block(a, row, i, 4, 4, KERF_LANES, format);
        for (; i < a->width; i += KERF_LANES) expand_block(a, row, i, 4, 1, kerf_step(i, a->width), format);
    }
    for (; row < end; row++)
        for (long i = 0; i < a->width; i += KERF_LANES)
            expand_block(a, row, i, 1, 1, kerf_step(i, a->width), format);
}
KERF_FORMATS(expand)

void kerf_low_rank_expand(int threads, long rows, long width, long rank, const float *t, long stride, const float *p,
                          enum kerf_format format, const void *base, void *y) {
    struct expand arguments = {width, rank, t, stride, p, base, y};
    kerf_for_rows(threads, rows, expand_of(format), &arguments);
}

// ---- g = t' x: sums over all rows; the columns are divided among the threads

// x is read a few rows at a time over the whole width, sequentially, while the sums stay in the L2 cache.
enum { COLUMNS = 3 * KERF_LANES, ROWS = 32 };

struct outer {
    long rows, width, rank;
    const float *t;
    long stride;
    const void *x;
    float *g;
};

KERF_INLINE void outer_block(const struct outer *a, long row, long i, long j, const int vectors, const int ranks,
                             long lanes, enum kerf_format format) {
    kerf_vector sums[8][3] = {}, x[3], g;
    const long width = a->width, stop = row + ROWS < a->rows ? row + ROWS : a->rows;
    for (long r = row; r < stop; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            kerf_load_format(&x[v], a->x, r * width + i + v * KERF_LANES, lanes, format);
#pragma clang loop unroll(full)
        for (int k = 0; k < ranks; k++) {
            const float t = a->t[r * a->stride + j + k];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[k][v] += x[v] * t;
        }
    }
#pragma clang loop unroll(full)
    for (int k = 0; k < ranks; k++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            float *to = a->g + (j + k) * width + i + v * KERF_LANES;
            g = (kerf_vector){};
            if (row > 0) kerf_load(&g, to, lanes);
            g = g + sums[k][v];
            kerf_store(to, &g, lanes);
        }
}

// One vector of columns for the ranks from `first` on.
KERF_INLINE void outer_vector(const struct outer *a, long row, long i, long first, long lanes,
                              enum kerf_format format) {
    long j = first;
    for (; j + 4 <= a->rank; j += 4) outer_block(a, row, i, j, 1, 4, lanes, format);
    for (; j < a->rank; j++) outer_block(a, row, i, j, 1, 1, lanes, format);
}

KERF_INLINE void outer_columns(const struct outer *a, long row, long i, bool wide, enum kerf_format format) {
    const long stop = i + COLUMNS < a->width ? i + COLUMNS : a->width;
    long j = 0;
    if (wide && i + COLUMNS <= a->width)
        for (; j + 8 <= a->rank; j += 8) outer_block(a, row, i, j, 3, 8, KERF_LANES, format);
    // A constant number of lanes, so that no load in the inner loop branches.
    for (; i + KERF_LANES <= stop; i += KERF_LANES) outer_vector(a, row, i, j, KERF_LANES, format);
    if (i < stop) outer_vector(a, row, i, j, stop - i, format);
}

// Begin and end count groups of columns.
KERF_INLINE void outer(const struct outer *a, long begin, long end, enum kerf_format format) {
    const bool wide = kerf_has_wide_registers();
    for (long row = 0; row < a->rows; row += ROWS)
        for (long group = begin; group < end; group++) outer_columns(a, row, group * COLUMNS, wide, format);
}
KERF_FORMATS(outer)

void kerf_low_rank_outer(int threads, long rows, long width, long rank, const float *t, long stride,
                         enum kerf_format format, const void *x, float *g) {
    struct outer arguments = {rows, width, rank, t, stride, x, g};
    kerf_for_rows(threads, (width + COLUMNS - 1) / COLUMNS, outer_of(format), &arguments);
}

// ---- Transpose, of the gradient of a pair's B

struct transpose {
    long rows, columns;
    const float *x;
    float *y;
};

static void transpose_columns(const void *arguments, long begin, long end) {
    const struct transpose *a = arguments;
    for (long column = begin; column < end; column++)
        for (long row = 0; row < a->rows; row++)
            a->y[column * a->rows + row] = a->x[row * a->columns + column];
}

void kerf_transpose(int threads, long rows, long columns, const float *x, float *y) {
    struct transpose arguments = {rows, columns, x, y};
    kerf_for_rows(threads, columns, transpose_columns, &arguments);
}
