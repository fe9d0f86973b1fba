#include "parallel.h"
#include "rms.h"

// RMS norms of each head's queries or keys: rows of 64 to 256 elements, so that a row stays in cache between its passes.

struct head_norm {
    long width;
    const void *x, *dy;
    const float *weight;
    float epsilon;
    void *y;
};

KERF_INLINE void forward(const struct head_norm *norm, long begin, long end, enum kerf_format format) {
    const long width = norm->width;
    kerf_vector v, w;
    for (long row = begin; row < end; row++) {
        const float s = kerf_reciprocal_rms(norm->x, row * width, width, norm->epsilon, format);
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load_format(&v, norm->x, row * width + i, lanes, format);
            kerf_load(&w, norm->weight + i, lanes);
            v = v * s * w;
            kerf_store_format(norm->y, row * width + i, &v, lanes, format);
        }
    }
}
KERF_FORMATS(forward)

// With s = 1 / rms and g = weight * dy:  dx = s (g - x s^2 mean(g x)).
KERF_INLINE void backward(const struct head_norm *norm, long begin, long end, enum kerf_format format) {
    const long width = norm->width;
    kerf_vector v, w, g;
    for (long row = begin; row < end; row++) {
        const float s = kerf_reciprocal_rms(norm->x, row * width, width, norm->epsilon, format);
        kerf_vector products = {};
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load_format(&v, norm->x, row * width + i, lanes, format);
            kerf_load(&w, norm->weight + i, lanes);
            kerf_load_format(&g, norm->dy, row * width + i, lanes, format);
            products += g * w * v;
        }
        const float along = kerf_sum(&products) / (float)width * s * s;
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load_format(&v, norm->x, row * width + i, lanes, format);
            kerf_load(&w, norm->weight + i, lanes);
            kerf_load_format(&g, norm->dy, row * width + i, lanes, format);
            v = s * (g * w - v * along);
            kerf_store_format(norm->y, row * width + i, &v, lanes, format);
        }
    }
}
KERF_FORMATS(backward)

void kerf_head_norm_forward(int threads, long rows, long width, const void *x, const float *weight, float epsilon,
                            enum kerf_format format, void *y) {
    struct head_norm norm = {.width = width, .x = x, .weight = weight, .epsilon = epsilon, .y = y};
    kerf_for_rows(threads, rows, forward_of(format), &norm);
}

void kerf_head_norm_backward(int threads, long rows, long width, const void *x, const float *weight, float epsilon,
                             const void *dy, enum kerf_format format, void *dx) {
    struct head_norm norm = {.width = width, .x = x, .dy = dy, .weight = weight, .epsilon = epsilon, .y = dx};
    kerf_for_rows(threads, rows, backward_of(format), &norm);
}
