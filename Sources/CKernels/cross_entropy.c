#include "parallel.h"
#include "vector.h"

#include <math.h>

struct cross_entropy {
    long vocabulary;
    const int32_t *targets;
    const float *logits;
    float *log_sum_exp;
    void *gradient;
    double *losses;
    float scale;
};

// Columns whose exponentials are added in f32 before they join the sum in double: a vocabulary has 10^5 of them.
enum { RUN = 1024 };

KERF_CLONES static void forward_rows(const void *arguments, long begin, long end) {
    const struct cross_entropy *a = arguments;
    const long vocabulary = a->vocabulary;
    for (long row = begin; row < end; row++) {
        const float *logits = a->logits + row * vocabulary;
        kerf_vector greatest = (kerf_vector){} - INFINITY, v;
        for (long i = 0; i < vocabulary; i += KERF_LANES) {
            kerf_load_or(&v, logits + i, kerf_step(i, vocabulary), -INFINITY);
            kerf_accumulate_maximum(&greatest, &v);
        }
        const float maximum = kerf_maximum(&greatest);
        double sum = 0;
        for (long run = 0; run < vocabulary; run += RUN) {
            const long stop = run + RUN < vocabulary ? run + RUN : vocabulary;
            kerf_vector sums = {};
            for (long i = run; i < stop; i += KERF_LANES) {
                kerf_load_or(&v, logits + i, kerf_step(i, stop), -INFINITY);
                v = v - maximum;
                kerf_vector_exp(&v);
                sums += v;
            }
            sum += (double)kerf_sum(&sums);
        }
        const double log_sum_exp = (double)maximum + log(sum);
        const int32_t target = a->targets[row];
        a->log_sum_exp[row] = (float)log_sum_exp;
        a->losses[row] = target < 0 ? 0 : log_sum_exp - (double)logits[target];
    }
}

KERF_INLINE void backward(const struct cross_entropy *a, long begin, long end, enum kerf_format format) {
    const long vocabulary = a->vocabulary;
    for (long row = begin; row < end; row++) {
        const float *logits = a->logits + row * vocabulary;
        const int32_t target = a->targets[row];
        // A row without a target has no gradient: scale 0. Its exponentials are finite, so that 0 comes out.
        const float log_sum_exp = a->log_sum_exp[row], scale = target < 0 ? 0 : a->scale;
        kerf_vector v;
        for (long i = 0; i < vocabulary; i += KERF_LANES) {
            const long lanes = kerf_step(i, vocabulary);
            kerf_load(&v, logits + i, lanes);
            v = v - log_sum_exp;
            kerf_vector_exp(&v);
            v = v * scale;
            if (target >= i && target < i + KERF_LANES) v[target - i] -= scale;
            kerf_store_format(a->gradient, row * vocabulary + i, &v, lanes, format);
        }
    }
}
KERF_FORMATS(backward)

void kerf_cross_entropy_forward(int threads, long rows, long vocabulary, const float *logits, const int32_t *targets,
                                float *log_sum_exp, double *losses) {
    struct cross_entropy arguments = {.vocabulary = vocabulary,
                                      .targets = targets,
                                      .logits = logits,
                                      .log_sum_exp = log_sum_exp,
                                      .losses = losses};
    kerf_for_rows(threads, rows, forward_rows, &arguments);
}

void kerf_cross_entropy_backward(int threads, long rows, long vocabulary, const float *logits, const int32_t *targets,
                                 const float *log_sum_exp, float scale, enum kerf_format format, void *gradient) {
    struct cross_entropy arguments = {.vocabulary = vocabulary,
                                      .targets = targets,
                                      .logits = logits,
                                      .log_sum_exp = (float *)log_sum_exp,
                                      .scale = scale,
                                      .gradient = gradient};
    kerf_for_rows(threads, rows, backward_of(format), &arguments);
}
