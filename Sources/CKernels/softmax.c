#include "parallel.h"
#include "vector.h"

#include <math.h>
#include <string.h>

// Columns that a row of the block sees.
KERF_INLINE long seen(long row, long first, long columns) {
    return first + row + 1 < columns ? first + row + 1 : columns;
}

KERF_CLONES void kerf_causal_softmax_forward(long rows, long first, long columns, float *scores, long leading,
                                             float *log_sum_exp) {
    for (long row = 0; row < rows; row++) {
        float *s = scores + row * leading;
        const long count = seen(row, first, columns);
        kerf_vector greatest = (kerf_vector){} - INFINITY, sums = {}, v;
        for (long i = 0; i < count; i += KERF_LANES) {
            kerf_load_or(&v, s + i, kerf_step(i, count), -INFINITY);
            kerf_accumulate_maximum(&greatest, &v);
        }
        const float maximum = kerf_maximum(&greatest);
        for (long i = 0; i < count; i += KERF_LANES) {
            const long lanes = kerf_step(i, count);
            kerf_load_or(&v, s + i, lanes, -INFINITY);
            v = v - maximum;
            kerf_vector_exp(&v);
            sums += v;
            kerf_store(s + i, &v, lanes);
        }
        const float sum = kerf_sum(&sums);
        const float reciprocal = 1.0f / sum;
        for (long i = 0; i < count; i++) s[i] *= reciprocal;
        memset(s + count, 0, (size_t)(columns - count) * sizeof(float));
        log_sum_exp[row] = maximum + logf(sum);
    }
}

KERF_CLONES void kerf_causal_softmax_backward(long rows, long first, long columns, float *scores,
                                              float *d_probabilities, long leading, const float *log_sum_exp,
                                              const float *row_dots) {
    for (long row = 0; row < rows; row++) {
        float *s = scores + row * leading;
        float *d = d_probabilities + row * leading;
        const long count = seen(row, first, columns);
        kerf_vector p, g;
        for (long i = 0; i < count; i += KERF_LANES) {
            const long lanes = kerf_step(i, count);
            kerf_load(&p, s + i, lanes);
            kerf_load(&g, d + i, lanes);
            p = p - log_sum_exp[row];
            kerf_vector_exp(&p);
            g = p * (g - row_dots[row]);
            kerf_store(s + i, &p, lanes);
            kerf_store(d + i, &g, lanes);
        }
        memset(s + count, 0, (size_t)(columns - count) * sizeof(float));
        memset(d + count, 0, (size_t)(columns - count) * sizeof(float));
    }
}

KERF_CLONES void kerf_row_dots(long rows, long width, const float *a, long leading_a, const float *b, long leading_b,
                               float *dots) {
    for (long row = 0; row < rows; row++) {
        kerf_vector sums = {}, v, w;
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load(&v, a + row * leading_a + i, lanes);
            kerf_load(&w, b + row * leading_b + i, lanes);
            sums += v * w;
        }
        dots[row] = kerf_sum(&sums);
    }
}

KERF_CLONES void kerf_exp(long count, const float *x, float *y) {
    kerf_vector v;
    for (long i = 0; i < count; i += KERF_LANES) {
        const long lanes = kerf_step(i, count);
        kerf_load(&v, x + i, lanes);
        kerf_vector_exp(&v);
        kerf_store(y + i, &v, lanes);
    }
}
