#include "parallel.h"
#include "vector.h"

struct swiglu {
    const float *gate, *up, *dy;
    float *y, *d_gate, *d_up;
};

KERF_INLINE void sigmoid(kerf_vector *result, const kerf_vector *x) {
    *result = -*x;
    kerf_vector_exp(result);
    *result = 1.0f / (1.0f + *result);
}

KERF_CLONES static void forward_rows(const void *arguments, long begin, long end) {
    const struct swiglu *a = arguments;
    kerf_vector gate, up, s;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load(&gate, a->gate + i, lanes);
        kerf_load(&up, a->up + i, lanes);
        sigmoid(&s, &gate);
        s = gate * s * up;
        kerf_store(a->y + i, &s, lanes);
    }
}

// silu'(x) = s (1 + x (1 - s)), s = sigmoid(x).
KERF_CLONES static void backward_rows(const void *arguments, long begin, long end) {
    const struct swiglu *a = arguments;
    kerf_vector gate, up, dy, s;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load(&gate, a->gate + i, lanes);
        kerf_load(&up, a->up + i, lanes);
        kerf_load(&dy, a->dy + i, lanes);
        sigmoid(&s, &gate);
        const kerf_vector d_gate = dy * up * s * (1.0f + gate * (1.0f - s));
        const kerf_vector d_up = dy * gate * s;
        kerf_store(a->d_gate + i, &d_gate, lanes);
        kerf_store(a->d_up + i, &d_up, lanes);
    }
}

void kerf_swiglu_forward(int threads, long count, const float *gate, const float *up, float *y) {
    struct swiglu arguments = {.gate = gate, .up = up, .y = y};
    kerf_for_rows(threads, count, forward_rows, &arguments);
}

void kerf_swiglu_backward(int threads, long count, const float *gate, const float *up, const float *dy, float *d_gate,
                          float *d_up) {
    struct swiglu arguments = {.gate = gate, .up = up, .dy = dy, .d_gate = d_gate, .d_up = d_up};
    kerf_for_rows(threads, count, backward_rows, &arguments);
}
