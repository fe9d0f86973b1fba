#include "check.h"
#include "groups.h"

#include <string.h>

enum { THREADS = 3 };

struct shape {
    long rows, width, rank;
};

// Ranks below, at and above a tile, widths that are no multiple of 16, rows with a remainder.
static const struct shape shapes[] = {{1, 1, 1}, {7, 37, 3}, {35, 48, 8}, {66, 101, 13}, {4, 160, 16}};

static float *panels_of(const struct shape *s, const float *p) {
    float *panels = check_floats((s->width + 15) / 16 * 16 * s->rank);
    kerf_low_rank_panels(THREADS, s->width, s->rank, p, false, panels);
    return panels;
}

static void transposed(const struct shape *s) {
    check_case("panels of a transpose, width %ld, rank %ld", s->width, s->rank);
    const float *p = check_values(s->rank * s->width, 1);
    float *transpose = check_floats(s->rank * s->width);
    for (long i = 0; i < s->rank * s->width; i++) transpose[i % s->width * s->rank + i / s->width] = p[i];
    const size_t count = (size_t)((s->width + 15) / 16 * 16 * s->rank);
    float *panels = check_floats((long)count);
    kerf_low_rank_panels(1, s->width, s->rank, transpose, true, panels);
    check_same("panels", count * sizeof *panels, panels, panels_of(s, p));
}

static void products(const struct shape *s, enum kerf_format format) {
    check_case("%s, %ld rows of %ld, rank %ld", check_format_name(format), s->rows, s->width, s->rank);
    const long rows = s->rows, width = s->width, rank = s->rank, count = rows * width;
    float *x = check_values(count, 2);
    const float *p = check_values(rank * width, 3), *panels = panels_of(s, p);
    const void *stored = check_stored(count, x, format);

    double *expected = check_doubles(rows * rank);
    for (long i = 0; i < rows * rank; i++) {
        expected[i] = 0;
        for (long j = 0; j < width; j++) expected[i] += 0.5 * x[i / rank * width + j] * p[i % rank * width + j];
    }
    float *t = check_floats(rows * rank);
    kerf_low_rank_project(THREADS, rows, width, rank, format, stored, panels, 0.5f, t, rank);
    check_close("project", rows * rank, t, expected, 1e-6);

    expected = check_doubles(rank * width);
    for (long i = 0; i < rank * width; i++) {
        expected[i] = 0;
        for (long j = 0; j < rows; j++) expected[i] += (double)t[j * rank + i / width] * x[j * width + i % width];
    }
    float *g = check_floats(rank * width);
    kerf_low_rank_outer(THREADS, rows, width, rank, t, rank, format, stored, g);
    check_close("outer", rank * width, g, expected, 1e-6);

    expected = check_doubles(count);
    for (long i = 0; i < count; i++) {
        expected[i] = 0;
        for (long j = 0; j < rank; j++) expected[i] += (double)t[i / width * rank + j] * p[j * width + i % width];
    }
    const size_t bytes = (size_t)count * check_format_bytes(format);
    const double limit = format == KERF_F32 ? 1e-6 : 4e-3;
    void *y = check_memory(bytes), *on_x = check_memory(bytes), *in_place = check_memory(bytes);
    kerf_low_rank_expand(THREADS, rows, width, rank, t, rank, panels, format, NULL, y);
    check_close("expand", count, check_read(count, y, format), expected, limit);
    for (long i = 0; i < count; i++) expected[i] += x[i];
    kerf_low_rank_expand(THREADS, rows, width, rank, t, rank, panels, format, stored, on_x);
    check_close("expand, on what lies elsewhere", count, check_read(count, on_x, format), expected, limit);
    memcpy(in_place, stored, bytes);
    kerf_low_rank_expand(THREADS, rows, width, rank, t, rank, panels, format, in_place, in_place);
    check_same("expand, in place", bytes, in_place, on_x);

    // Some columns of a wider t give the same bits, and the others stay.
    const long stride = rank + 3;
    float *wide = check_floats(rows * stride), *again = check_floats(rank * width);
    for (long i = 0; i < rows * stride; i++) wide[i] = 7;
    kerf_low_rank_project(THREADS, rows, width, rank, format, stored, panels, 0.5f, wide + 2, stride);
    bool same = true;
    for (long i = 0; i < rows * stride; i++) {
        const long column = i % stride - 2;
        same &= wide[i] == (column >= 0 && column < rank ? t[i / stride * rank + column] : 7);
    }
    check_that("project into columns of a wider t", same);
    kerf_low_rank_outer(THREADS, rows, width, rank, wide + 2, stride, format, stored, again);
    check_same("outer of columns of a wider t", (size_t)(rank * width) * sizeof *g, again, g);
    kerf_low_rank_expand(THREADS, rows, width, rank, wide + 2, stride, panels, format, stored, y);
    check_same("expand of columns of a wider t", bytes, y, on_x);
}

void check_low_rank(void) {
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        transposed(&shapes[i]);
        products(&shapes[i], KERF_F32);
        products(&shapes[i], KERF_BF16);
    }
}
