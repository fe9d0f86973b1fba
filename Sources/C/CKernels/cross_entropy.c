#include "parallel.h"
#include "vector.h"

#include <math.h>

struct cross_entropy {
    long vocabulary;
    const int32_t *targets;
    float *logits;
    double *losses;
    float scale, cap;
    void *gradient;
};

// Columns whose exponentials are summed in f32 before they are added to the sum in double: a vocabulary has 10^5.
enum { RUN = 1024 };

// exp(logits - maximum), in place if they are needed again; returns their sum.
KERF_INLINE double exponentials(float *logits, long vocabulary, float maximum, bool keeping) {
    double sum = 0;
    kerf_vector v;
    for (long run = 0; run < vocabulary; run += RUN) {
        const long stop = run + RUN < vocabulary ? run + RUN : vocabulary;
        kerf_vector sums = {};
        for (long i = run; i < stop; i += KERF_LANES) {
            const long lanes = kerf_step(i, stop);
            kerf_load_or(&v, logits + i, lanes, -INFINITY);
            v = v - maximum;
            kerf_vector_exp(&v);
            sums += v;
            if (keeping) kerf_store(logits + i, &v, lanes);
        }
        sum += (double)kerf_sum(&sums);
    }
    return sum;
}

// A row fits into the L2 cache, so that its passes read memory once.
KERF_INLINE void rows(const struct cross_entropy *a, long begin, long end, enum kerf_format format) {
    const long vocabulary = a->vocabulary;
    for (long row = begin; row < end; row++) {
        float *logits = a->logits + row * vocabulary;
        kerf_vector greatest = (kerf_vector){} - INFINITY, v;
        for (long i = 0; i < vocabulary; i += KERF_LANES) {
            kerf_load_or(&v, logits + i, kerf_step(i, vocabulary), -INFINITY);
            kerf_accumulate_maximum(&greatest, &v);
        }
        const float maximum = kerf_maximum(&greatest);
        const int32_t target = a->targets[row];
        const double aimed = target < 0 ? 0 : (double)logits[target];
        const double sum = exponentials(logits, vocabulary, maximum, a->gradient != NULL);
        a->losses[row] = target < 0 ? 0 : (double)maximum + log(sum) - aimed;
        if (!a->gradient) continue;
        // A row without a target has scale 0. Its exponentials are finite, so its gradient is 0.
        const float scale = target < 0 ? 0 : a->scale, factor = (float)((double)scale / sum);
        for (long i = 0; i < vocabulary; i += KERF_LANES) {
            const long lanes = kerf_step(i, vocabulary);
            kerf_load(&v, logits + i, lanes);
            v = v * factor;
            if (target >= i && target < i + KERF_LANES) v[target - i] -= scale;
            kerf_store_format(a->gradient, row * vocabulary + i, &v, lanes, format);
        }
    }
}
KERF_FORMATS(rows)

// Replaces a row's logits by cap tanh(logits / cap), and returns the greatest.
KERF_INLINE float soft_cap(float *logits, long vocabulary, float cap) {
    kerf_vector greatest = (kerf_vector){} - INFINITY, v;
    const float factor = 1.0f / cap;
    for (long i = 0; i < vocabulary; i += KERF_LANES) {
        const long lanes = kerf_step(i, vocabulary);
        kerf_load_or(&v, logits + i, lanes, -INFINITY);
        v = v * factor;
        kerf_vector_tanh(&v);
        v = v * cap;
        kerf_store(logits + i, &v, lanes);
        // The lanes behind the row hold -cap, which is no more than any logit.
        kerf_accumulate_maximum(&greatest, &v);
    }
    return kerf_maximum(&greatest);
}

// As `rows`, of logits with a soft cap c: its slope, 1 - (logit / c)^2, takes the capped logits, so that the exponentials
// are computed again with the gradient.
KERF_INLINE void capped_rows(const struct cross_entropy *a, long begin, long end, enum kerf_format format) {
    const long vocabulary = a->vocabulary;
    const float factor = 1.0f / a->cap;
    kerf_vector v;
    for (long row = begin; row < end; row++) {
        float *logits = a->logits + row * vocabulary;
        const float maximum = soft_cap(logits, vocabulary, a->cap);
        const int32_t target = a->targets[row];
        const double sum = exponentials(logits, vocabulary, maximum, false);
        a->losses[row] = target < 0 ? 0 : (double)maximum + log(sum) - (double)logits[target];
        if (!a->gradient) continue;
        const float scale = target < 0 ? 0 : a->scale, share = (float)((double)scale / sum);
        for (long i = 0; i < vocabulary; i += KERF_LANES) {
            const long lanes = kerf_step(i, vocabulary);
            kerf_load(&v, logits + i, lanes);
            const kerf_vector tangent = v * factor;
            v = v - maximum;
            kerf_vector_exp(&v);
            v = v * share;
            if (target >= i && target < i + KERF_LANES) v[target - i] -= scale;
            v = v * (1.0f - tangent * tangent);
            kerf_store_format(a->gradient, row * vocabulary + i, &v, lanes, format);
        }
    }
}
KERF_FORMATS(capped_rows)

void kerf_cross_entropy(int threads, long rows, long vocabulary, float *logits, float cap, const int32_t *targets,
                        double *losses, float scale, enum kerf_format format, void *gradient) {
    struct cross_entropy arguments = {vocabulary, targets, logits, losses, scale, cap, gradient};
    kerf_for_rows(threads, rows, cap > 0 ? capped_rows_of(format) : rows_of(format), &arguments);
}
