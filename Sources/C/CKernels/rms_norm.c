#include "parallel.h"
#include "rms.h"

struct norm {
    long width;
    const float *x, *weight, *dy, *residual;
    float epsilon;
    float *reciprocal_rms, *dx;
    void *y;
};

KERF_INLINE void forward(const struct norm *norm, long begin, long end, enum kerf_format format) {
    const long width = norm->width;
    for (long row = begin; row < end; row++) {
        const float *x = norm->x + row * width;
        kerf_vector v, w;
        const float reciprocal = kerf_reciprocal_rms(x, 0, width, norm->epsilon, KERF_F32);
        norm->reciprocal_rms[row] = reciprocal;
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load(&v, x + i, lanes);
            kerf_load(&w, norm->weight + i, lanes);
            v = v * reciprocal * w;
            kerf_store_format(norm->y, row * width + i, &v, lanes, format);
        }
    }
}
KERF_FORMATS(forward)

// With s = 1 / rms and g = weight * dy:  dx = s (g - x s^2 mean(g x)).
KERF_CLONES static void backward_rows(const void *arguments, long begin, long end) {
    const struct norm *norm = arguments;
    const long width = norm->width;
    for (long row = begin; row < end; row++) {
        const float *x = norm->x + row * width;
        const float *dy = norm->dy + row * width;
        const float *residual = norm->residual ? norm->residual + row * width : 0;
        float *dx = norm->dx + row * width;
        const float s = norm->reciprocal_rms[row];
        kerf_vector products = {}, v, w, g, r = {};
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load(&v, x + i, lanes);
            kerf_load(&w, norm->weight + i, lanes);
            kerf_load(&g, dy + i, lanes);
            products += g * w * v;
        }
        const float along = kerf_sum(&products) / (float)width * s * s;
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load(&v, x + i, lanes);
            kerf_load(&w, norm->weight + i, lanes);
            kerf_load(&g, dy + i, lanes);
            if (residual) kerf_load(&r, residual + i, lanes);
            v = r + s * (g * w - v * along);
            kerf_store(dx + i, &v, lanes);
        }
    }
}

KERF_CLONES static void add_rows(const void *arguments, long begin, long end) {
    const struct norm *norm = arguments;
    const long width = norm->width;
    for (long row = begin; row < end; row++) {
        const float *x = norm->x + row * width, *base = norm->residual + row * width;
        float *y = (float *)norm->y + row * width;
        kerf_vector v, w, b;
        const float reciprocal = kerf_reciprocal_rms(x, 0, width, norm->epsilon, KERF_F32);
        norm->reciprocal_rms[row] = reciprocal;
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load(&v, x + i, lanes);
            kerf_load(&w, norm->weight + i, lanes);
            kerf_load(&b, base + i, lanes);
            v = b + v * reciprocal * w;
            kerf_store(y + i, &v, lanes);
        }
    }
}

void kerf_rms_norm_forward(int threads, long rows, long width, const float *x, const float *weight, float epsilon,
                           enum kerf_format format, void *y, float *reciprocal_rms) {
    struct norm norm = {
        .width = width, .x = x, .weight = weight, .epsilon = epsilon, .y = y, .reciprocal_rms = reciprocal_rms};
    kerf_for_rows(threads, rows, forward_of(format), &norm);
}

void kerf_rms_norm_backward(int threads, long rows, long width, const float *x, const float *weight,
                            const float *reciprocal_rms, const float *dy, const float *residual, float *dx) {
    struct norm norm = {.width = width,
                        .x = x,
                        .weight = weight,
                        .dy = dy,
                        .residual = residual,
                        .reciprocal_rms = (float *)reciprocal_rms,
                        .dx = dx};
    kerf_for_rows(threads, rows, backward_rows, &norm);
}

void kerf_rms_norm_add(int threads, long rows, long width, const float *x, const float *weight, float epsilon,
                       const float *base, float *y, float *reciprocal_rms) {
    struct norm norm = {.width = width,
                        .x = x,
                        .weight = weight,
                        .residual = base,
                        .epsilon = epsilon,
                        .y = y,
                        .reciprocal_rms = reciprocal_rms};
    kerf_for_rows(threads, rows, add_rows, &norm);
}
