#include "parallel.h"

struct update {
    struct kerf_adamw step;
    const float *gradient;
    float *parameter, *first, *second;
};

KERF_CLONES static void update_rows(const void *arguments, long begin, long end) {
    const struct update *update = arguments;
    const struct kerf_adamw step = update->step;
    const float *restrict gradient = update->gradient;
    float *restrict parameter = update->parameter;
    float *restrict first = update->first;
    float *restrict second = update->second;
    for (long i = begin; i < end; i++) {
        const float g = gradient[i];
        const float m = step.beta1 * first[i] + step.complement1 * g;
        const float v = step.beta2 * second[i] + step.complement2 * g * g;
        first[i] = m;
        second[i] = v;
        // sqrtf() may set errno, so a loop that calls it is not vectorized.
        const float root = __builtin_elementwise_sqrt(v);
        parameter[i] =
            parameter[i] * step.decay - step.step_size * m / (root * step.root_second_correction + step.epsilon);
    }
}

void kerf_adamw_step(int threads, long count, struct kerf_adamw step, const float *gradient, float *parameter,
                     float *first_moment, float *second_moment) {
    struct update update = {step, gradient, parameter, first_moment, second_moment};
    kerf_for_rows(threads, count, update_rows, &update);
}
