#include "check.h"
#include "groups.h"

#include <math.h>

enum { COUNT = 67, STEPS = 5 };

// AdamW in double, on parameters and moments in place.
static void step_in_double(double t, const float *gradient, double *parameter, double *first, double *second) {
    const double rate = 1e-2, decay = 0.1, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    for (long i = 0; i < COUNT; i++) {
        first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
        second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i];
        const double m = first[i] / (1 - pow(beta1, t)), v = second[i] / (1 - pow(beta2, t));
        parameter[i] -= rate * (decay * parameter[i] + m / (sqrt(v) + epsilon));
    }
}

void check_optimizer(void) {
    check_case("%d steps of AdamW", STEPS);
    float *parameter = check_values(COUNT, 1), *first = check_floats(COUNT), *second = check_floats(COUNT);
    double *wide = check_doubles(COUNT), *wide_first = check_doubles(COUNT), *wide_second = check_doubles(COUNT);
    for (long i = 0; i < COUNT; i++) {
        wide[i] = parameter[i];
        first[i] = second[i] = 0;
        wide_first[i] = wide_second[i] = 0;
    }
    for (int t = 1; t <= STEPS; t++) {
        const float *gradient = check_values(COUNT, 10 + (uint64_t)t);
        const struct kerf_adamw step = {
            .decay = (float)(1 - 1e-2 * 0.1), .step_size = (float)(1e-2 / (1 - pow(0.9, t))), .beta1 = 0.9f,
            .beta2 = 0.999f, .complement1 = 0.1f, .complement2 = 0.001f,
            .root_second_correction = (float)(1 / sqrt(1 - pow(0.999, t))), .epsilon = 1e-8f};
        kerf_adamw_step(3, COUNT, step, gradient, parameter, first, second);
        step_in_double(t, gradient, wide, wide_first, wide_second);
    }
    check_close("parameters", COUNT, parameter, wide, 1e-6);
    check_close("first moments", COUNT, first, wide_first, 1e-6);
    check_close("second moments", COUNT, second, wide_second, 1e-6);
}
