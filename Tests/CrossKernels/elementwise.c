#include "check.h"
#include "groups.h"

#include <math.h>
#include <string.h>

enum { THREADS = 3, COUNT = 1003 };

static void exponential(void) {
    check_case("exp");
    float *x = check_floats(COUNT), *y = check_floats(COUNT);
    for (long i = 0; i < COUNT; i++) x[i] = (float)(-87.2 + 175.4 * (double)i / COUNT);
    kerf_exp(COUNT, x, y);
    double error = 0;
    for (long i = 0; i < COUNT; i++) {
        const double relative = fabs(y[i] / exp((double)x[i]) - 1);
        if (!(relative <= error)) error = relative;
    }
    check_error("of each number", error, 2e-7);
    const float limits[] = {-INFINITY, -88, 89, INFINITY};
    kerf_exp(4, limits, y);
    check_that("0 below its range", y[0] == 0 && y[1] == 0);
    check_that("finite above it", isfinite(y[2]) && isfinite(y[3]) && y[2] > 1e38f && y[3] > 1e38f);
}

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void rounding(void) {
    check_case("bf16");
    // Ties to both sides, just beside a tie, the largest numbers, denormals, zeros, infinities.
    const uint32_t special[] = {0x3f808000, 0x3f818000, 0x3f808001, 0x3f817fff, 0xbf808000, 0xbf818000, 0x7f7fffff,
                                0xff7fffff, 0x7f7f7fff, 0x00000001, 0x00008000, 0x00018000, 0x80008001, 0x00000000,
                                0x80000000, 0x7f800000, 0xff800000, 0x3f7fffff};
    const uint32_t nan[] = {0x7fc00000, 0xffc00000, 0x7f800001, 0x7fffffff, 0xff80ffff};
    enum { SPECIAL = sizeof special / sizeof *special, NANS = sizeof nan / sizeof *nan };
    float *x = check_values(COUNT, 1);
    for (long i = 0; i < SPECIAL; i++) x[i] = from_bits(special[i]);
    for (long i = 0; i < NANS; i++) x[COUNT - NANS + i] = from_bits(nan[i]);
    uint16_t *y = check_memory(COUNT * sizeof *y), *expected = check_memory(COUNT * sizeof *expected);
    for (long i = 0; i < COUNT; i++) expected[i] = check_bf16(x[i]);
    kerf_copy(THREADS, COUNT, x, KERF_BF16, y);
    check_same("rounded", (COUNT - NANS) * sizeof *y, y, expected);
    for (long i = COUNT - NANS; i < COUNT; i++)
        check_that("NaN stays one", (y[i] & 0x7f80) == 0x7f80 && (y[i] & 0x7f) != 0);
    float *copy = check_floats(COUNT);
    kerf_copy(THREADS, COUNT, x, KERF_F32, copy);
    check_same("f32 as it is", COUNT * sizeof *copy, copy, x);
}

static void gather(enum kerf_format format) {
    enum { VOCABULARY = 40, WIDTH = 37, ROWS = 5 };
    check_case("gather, %s", check_format_name(format));
    float *values = check_values(VOCABULARY * WIDTH, 2), *y = check_floats(ROWS * WIDTH);
    const void *table = check_stored(VOCABULARY * WIDTH, values, format);
    const int32_t tokens[ROWS] = {0, 39, 17, 17, 1};
    kerf_embedding_gather(THREADS, ROWS, WIDTH, format, table, tokens, y);
    for (long row = 0; row < ROWS; row++)
        check_same("row", WIDTH * sizeof *y, y + row * WIDTH, values + tokens[row] * WIDTH);
}

static void sum_groups(enum kerf_format format) {
    enum { ROWS = 5, GROUPS = 2, GROUP = 3, SIZE = 21, WIDTH = GROUPS * SIZE };
    check_case("sum of groups, %s", check_format_name(format));
    const float *x = check_values(ROWS * WIDTH * GROUP, 3);
    double *expected = check_doubles(ROWS * WIDTH);
    for (long i = 0; i < ROWS * WIDTH; i++) {
        expected[i] = 0;
        for (long j = 0; j < GROUP; j++) expected[i] += x[(i / SIZE * GROUP + j) * SIZE + i % SIZE];
    }
    void *y = check_memory(ROWS * WIDTH * check_format_bytes(format));
    kerf_sum_groups(THREADS, ROWS, GROUPS, GROUP, SIZE, x, format, y);
    check_close("sums", ROWS * WIDTH, check_read(ROWS * WIDTH, y, format), expected, format == KERF_F32 ? 2e-7 : 4e-3);
}

static void transpose(void) {
    enum { ROWS = 19, COLUMNS = 35 };
    check_case("transpose");
    const float *x = check_values(ROWS * COLUMNS, 4);
    float *y = check_floats(ROWS * COLUMNS), *expected = check_floats(ROWS * COLUMNS);
    for (long i = 0; i < ROWS * COLUMNS; i++) expected[i % COLUMNS * ROWS + i / COLUMNS] = x[i];
    kerf_transpose(THREADS, ROWS, COLUMNS, x, y);
    check_same("elements", ROWS * COLUMNS * sizeof *y, y, expected);
}

static void sums(void) {
    check_case("sums and factors");
    const float *a = check_values(COUNT, 5), *b = check_values(COUNT, 6);
    float *sum = check_floats(COUNT), *factor = check_floats(COUNT), *in_place = check_floats(COUNT);
    memcpy(in_place, a, COUNT * sizeof *a);
    double squares = 0;
    for (long i = 0; i < COUNT; i++) {
        sum[i] = a[i] + b[i];
        factor[i] = sum[i] * 0.3f;
        squares += (double)a[i] * a[i];
    }
    kerf_add(THREADS, COUNT, in_place, b, in_place);
    check_same("sum", COUNT * sizeof *sum, in_place, sum);
    kerf_scale(THREADS, COUNT, 0.3f, in_place);
    check_same("factor", COUNT * sizeof *sum, in_place, factor);
    check_error("squares", fabs(kerf_sum_of_squares(COUNT, a) / squares - 1), 1e-13);
}

void check_elementwise(void) {
    exponential();
    rounding();
    for (int format = KERF_F32; format <= KERF_BF16; format++) {
        gather((enum kerf_format)format);
        sum_groups((enum kerf_format)format);
    }
    transpose();
    sums();
}
