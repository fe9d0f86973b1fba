#pragma once

#include "vector.h"

// 1 / sqrt(mean(x^2) + epsilon) of `width` elements of x from the element `first` on.
KERF_INLINE float kerf_reciprocal_rms(const void *x, long first, long width, float epsilon, enum kerf_format format) {
    kerf_vector squares = {}, v;
    for (long i = 0; i < width; i += KERF_LANES) {
        kerf_load_format(&v, x, first + i, kerf_step(i, width), format);
        squares += v * v;
    }
    // sqrtf() may set errno, which costs a branch and a call.
    return 1.0f / __builtin_elementwise_sqrt(kerf_sum(&squares) / (float)width + epsilon);
}
