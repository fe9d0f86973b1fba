#include "parallel.h"

// Independent sums, so that the additions of one do not wait for those of another. Their number is fixed: the result does
// not depend on the instruction set or the number of threads.
enum { SUMS = 16 };

KERF_CLONES double kerf_sum_of_squares(long count, const float *values) {
    double sums[SUMS] = {0};
    long i = 0;
    for (; i + SUMS <= count; i += SUMS)
        for (int lane = 0; lane < SUMS; lane++) sums[lane] += (double)values[i + lane] * values[i + lane];
    for (; i < count; i++) sums[i % SUMS] += (double)values[i] * values[i];
    double total = 0;
    for (int lane = 0; lane < SUMS; lane++) total += sums[lane];
    return total;
}

struct sum {
    const float *a, *b;
    float *result;
};

KERF_CLONES static void add_rows(const void *arguments, long begin, long end) {
    const struct sum *sum = arguments;
    // The result may be one of the summands.
    for (long i = begin; i < end; i++) sum->result[i] = sum->a[i] + sum->b[i];
}

void kerf_add(int threads, long count, const float *a, const float *b, float *result) {
    struct sum sum = {a, b, result};
    kerf_for_rows(threads, count, add_rows, &sum);
}

struct scaling {
    float factor;
    float *values;
};

KERF_CLONES static void scale_rows(const void *arguments, long begin, long end) {
    const struct scaling *scaling = arguments;
    const float factor = scaling->factor;
    float *restrict values = scaling->values;
    for (long i = begin; i < end; i++) values[i] *= factor;
}

void kerf_scale(int threads, long count, float factor, float *values) {
    struct scaling scaling = {factor, values};
    kerf_for_rows(threads, count, scale_rows, &scaling);
}
