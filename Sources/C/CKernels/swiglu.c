#include "parallel.h"
#include "vector.h"

struct swiglu {
    const void *gate, *up, *dy;
    void *y, *d_gate, *d_up;
};

KERF_INLINE void sigmoid(kerf_vector *result, const kerf_vector *x) {
    *result = -*x;
    kerf_vector_exp(result);
    *result = 1.0f / (1.0f + *result);
}

KERF_INLINE void forward(const struct swiglu *a, long begin, long end, enum kerf_format format) {
    kerf_vector gate, up, s;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load_format(&gate, a->gate, i, lanes, format);
        kerf_load_format(&up, a->up, i, lanes, format);
        sigmoid(&s, &gate);
        s = gate * s * up;
        kerf_store_format(a->y, i, &s, lanes, format);
    }
}
KERF_FORMATS(forward)

// silu'(x) = s (1 + x (1 - s)), s = sigmoid(x).
KERF_INLINE void backward(const struct swiglu *a, long begin, long end, enum kerf_format format) {
    kerf_vector gate, up, dy, s;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load_format(&gate, a->gate, i, lanes, format);
        kerf_load_format(&up, a->up, i, lanes, format);
        kerf_load_format(&dy, a->dy, i, lanes, format);
        sigmoid(&s, &gate);
        const kerf_vector silu = gate * s;
        const kerf_vector d_gate = dy * up * s * (1.0f + gate * (1.0f - s));
        const kerf_vector d_up = dy * silu;
        kerf_store_format(a->d_gate, i, &d_gate, lanes, format);
        kerf_store_format(a->d_up, i, &d_up, lanes, format);
        if (a->y) {
            const kerf_vector y = silu * up;
            kerf_store_format(a->y, i, &y, lanes, format);
        }
    }
}
KERF_FORMATS(backward)

// GELU by tanh is x sigmoid(z): 0.5 x (1 + tanh(z / 2)) with z = 2 sqrt(2 / pi) (x + 0.044715 x^3).
static const float gelu_factor = 1.59576912f, gelu_cube = 0.044715f;

KERF_INLINE void gelu_sigmoid(kerf_vector *result, const kerf_vector *x) {
    const kerf_vector z = *x * (1.0f + gelu_cube * *x * *x) * gelu_factor;
    sigmoid(result, &z);
}

KERF_INLINE void geglu_forward(const struct swiglu *a, long begin, long end, enum kerf_format format) {
    kerf_vector gate, up, s;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load_format(&gate, a->gate, i, lanes, format);
        kerf_load_format(&up, a->up, i, lanes, format);
        gelu_sigmoid(&s, &gate);
        s = gate * s * up;
        kerf_store_format(a->y, i, &s, lanes, format);
    }
}
KERF_FORMATS(geglu_forward)

// gelu'(x) = s (1 + x (1 - s) dz/dx), s = sigmoid(z).
KERF_INLINE void geglu_backward(const struct swiglu *a, long begin, long end, enum kerf_format format) {
    kerf_vector gate, up, dy, s;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load_format(&gate, a->gate, i, lanes, format);
        kerf_load_format(&up, a->up, i, lanes, format);
        kerf_load_format(&dy, a->dy, i, lanes, format);
        gelu_sigmoid(&s, &gate);
        const kerf_vector gelu = gate * s, slope = gelu_factor * (1.0f + 3.0f * gelu_cube * gate * gate);
        const kerf_vector d_gate = dy * up * s * (1.0f + gate * (1.0f - s) * slope);
        const kerf_vector d_up = dy * gelu;
        kerf_store_format(a->d_gate, i, &d_gate, lanes, format);
        kerf_store_format(a->d_up, i, &d_up, lanes, format);
        if (a->y) {
            const kerf_vector y = gelu * up;
            kerf_store_format(a->y, i, &y, lanes, format);
        }
    }
}
KERF_FORMATS(geglu_backward)

void kerf_swiglu_forward(int threads, long count, enum kerf_format format, const void *gate, const void *up, void *y) {
    struct swiglu arguments = {.gate = gate, .up = up, .y = y};
    kerf_for_rows(threads, count, forward_of(format), &arguments);
}

void kerf_swiglu_backward(int threads, long count, enum kerf_format format, const void *gate, const void *up,
                          const void *dy, void *d_gate, void *d_up, void *y) {
    struct swiglu arguments = {.gate = gate, .up = up, .dy = dy, .d_gate = d_gate, .d_up = d_up, .y = y};
    kerf_for_rows(threads, count, backward_of(format), &arguments);
}

void kerf_geglu_forward(int threads, long count, enum kerf_format format, const void *gate, const void *up, void *y) {
    struct swiglu arguments = {.gate = gate, .up = up, .y = y};
    kerf_for_rows(threads, count, geglu_forward_of(format), &arguments);
}

void kerf_geglu_backward(int threads, long count, enum kerf_format format, const void *gate, const void *up,
                         const void *dy, void *d_gate, void *d_up, void *y) {
    struct swiglu arguments = {.gate = gate, .up = up, .dy = dy, .d_gate = d_gate, .d_up = d_up, .y = y};
    kerf_for_rows(threads, count, geglu_backward_of(format), &arguments);
}
