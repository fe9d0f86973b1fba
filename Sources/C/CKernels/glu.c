#include "parallel.h"
#include "vector.h"

// Gated linear units: activation(gate) * up, with SiLU (SwiGLU) or GELU by tanh (GeGLU). Both activations are
// x sigmoid(z): SiLU with z = x; GELU, 0.5 x (1 + tanh(z / 2)), with z = 2 sqrt(2 / pi) (x + 0.044715 x^3).

struct glu {
    const void *gate, *up, *dy;
    void *y, *d_gate, *d_up;
};

static const float gelu_factor = 1.59576912f, gelu_cube = 0.044715f;

KERF_INLINE void gate_sigmoid(kerf_vector *result, const kerf_vector *x, const bool gelu) {
    *result = gelu ? -(*x * (1.0f + gelu_cube * *x * *x) * gelu_factor) : -*x;
    kerf_vector_exp(result);
    *result = 1.0f / (1.0f + *result);
}

KERF_INLINE void forward(const struct glu *a, long begin, long end, enum kerf_format format, const bool gelu) {
    kerf_vector gate, up, s;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load_format(&gate, a->gate, i, lanes, format);
        kerf_load_format(&up, a->up, i, lanes, format);
        gate_sigmoid(&s, &gate, gelu);
        s = gate * s * up;
        kerf_store_format(a->y, i, &s, lanes, format);
    }
}

// With s = sigmoid(z), the activation's derivative is s (1 + x (1 - s) dz/dx).
KERF_INLINE void backward(const struct glu *a, long begin, long end, enum kerf_format format, const bool gelu) {
    kerf_vector gate, up, dy, s;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load_format(&gate, a->gate, i, lanes, format);
        kerf_load_format(&up, a->up, i, lanes, format);
        kerf_load_format(&dy, a->dy, i, lanes, format);
        gate_sigmoid(&s, &gate, gelu);
        const kerf_vector activated = gate * s;
        kerf_vector d_gate;
        if (gelu) {
            const kerf_vector slope = gelu_factor * (1.0f + 3.0f * gelu_cube * gate * gate);
            d_gate = dy * up * s * (1.0f + gate * (1.0f - s) * slope);
        } else {
            d_gate = dy * up * s * (1.0f + gate * (1.0f - s));
        }
        const kerf_vector d_up = dy * activated;
        kerf_store_format(a->d_gate, i, &d_gate, lanes, format);
        kerf_store_format(a->d_up, i, &d_up, lanes, format);
        if (a->y) {
            const kerf_vector y = activated * up;
            kerf_store_format(a->y, i, &y, lanes, format);
        }
    }
}

#define INSTANCES(NAME, DIRECTION, gelu)                                                             \
    KERF_INLINE void NAME(const struct glu *a, long begin, long end, enum kerf_format format) {       \
        DIRECTION(a, begin, end, format, gelu);                                                      \
    }                                                                                                \
    KERF_FORMATS(NAME)
INSTANCES(swiglu_forward, forward, false)
INSTANCES(swiglu_backward, backward, false)
INSTANCES(geglu_forward, forward, true)
INSTANCES(geglu_backward, backward, true)

void kerf_swiglu_forward(int threads, long count, enum kerf_format format, const void *gate, const void *up, void *y) {
    struct glu arguments = {.gate = gate, .up = up, .y = y};
    kerf_for_rows(threads, count, swiglu_forward_of(format), &arguments);
}

void kerf_swiglu_backward(int threads, long count, enum kerf_format format, const void *gate, const void *up,
                          const void *dy, void *d_gate, void *d_up, void *y) {
    struct glu arguments = {.gate = gate, .up = up, .dy = dy, .d_gate = d_gate, .d_up = d_up, .y = y};
    kerf_for_rows(threads, count, swiglu_backward_of(format), &arguments);
}

void kerf_geglu_forward(int threads, long count, enum kerf_format format, const void *gate, const void *up, void *y) {
    struct glu arguments = {.gate = gate, .up = up, .y = y};
    kerf_for_rows(threads, count, geglu_forward_of(format), &arguments);
}

void kerf_geglu_backward(int threads, long count, enum kerf_format format, const void *gate, const void *up,
                         const void *dy, void *d_gate, void *d_up, void *y) {
    struct glu arguments = {.gate = gate, .up = up, .dy = dy, .d_gate = d_gate, .d_up = d_up, .y = y};
    kerf_for_rows(threads, count, geglu_backward_of(format), &arguments);
}
