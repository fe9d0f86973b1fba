#include "check.h"
#include "groups.h"

#include <math.h>
#include <string.h>

enum { THREADS = 3 };

// Of what is stored in a format: bf16 has 8 bits, so that half of its last one is 2^-9.
static double limit_of(enum kerf_format format) { return format == KERF_F32 ? 1e-6 : 4e-3; }

static void rms_norm(enum kerf_format format, long rows, long width) {
    check_case("RMS norm, %s, %ld x %ld", check_format_name(format), rows, width);
    const long count = rows * width;
    const float *x = check_values(count, 1), *weight = check_values(width, 2), *dy = check_values(count, 3);
    double *y = check_doubles(count), *dx = check_doubles(count), *reciprocal = check_doubles(rows);
    for (long row = 0; row < rows; row++) {
        double squares = 0, along = 0;
        for (long i = 0; i < width; i++) squares += (double)x[row * width + i] * x[row * width + i];
        const double s = reciprocal[row] = 1 / sqrt(squares / (double)width + 1e-5);
        for (long i = 0; i < width; i++)
            along += (double)dy[row * width + i] * weight[i] * x[row * width + i] / (double)width;
        for (long i = 0; i < width; i++) {
            const long at = row * width + i;
            y[at] = x[at] * s * weight[i];
            dx[at] = s * ((double)dy[at] * weight[i] - x[at] * s * s * along);
        }
    }
    void *result = check_memory((size_t)count * check_format_bytes(format));
    float *saved = check_floats(rows), *gradient = check_floats(count);
    kerf_rms_norm_forward(THREADS, rows, width, x, weight, 1e-5f, format, result, saved);
    check_close("y", count, check_read(count, result, format), y, limit_of(format));
    check_close("1 / rms", rows, saved, reciprocal, 1e-6);
    if (format != KERF_F32) return;
    kerf_rms_norm_backward(THREADS, rows, width, x, weight, saved, dy, NULL, gradient);
    check_close("dx", count, gradient, dx, 2e-6);
    float *residual = check_values(count, 4);
    for (long i = 0; i < count; i++) dx[i] += residual[i];
    kerf_rms_norm_backward(THREADS, rows, width, x, weight, saved, dy, residual, gradient);
    check_close("dx on a residual", count, gradient, dx, 2e-6);
    kerf_rms_norm_backward(THREADS, rows, width, x, weight, saved, dy, residual, residual);
    check_same("dx on itself", (size_t)count * sizeof *gradient, residual, gradient);
}

// A norm onto the stream, and the norm of short rows with its gradient, against the same formulas.
static void other_norms(enum kerf_format format, long rows, long width) {
    check_case("norms of heads and onto the stream, %s, %ld x %ld", check_format_name(format), rows, width);
    const long count = rows * width;
    float *x = check_values(count, 1), *weight = check_values(width, 2), *dy = check_values(count, 3);
    const float *base = check_values(count, 4);
    const void *stored = check_stored(count, x, format), *gradient = check_stored(count, dy, format);
    double *y = check_doubles(count), *added = check_doubles(count), *dx = check_doubles(count);
    double *reciprocal = check_doubles(rows);
    for (long row = 0; row < rows; row++) {
        double squares = 0, along = 0;
        for (long i = 0; i < width; i++) squares += (double)x[row * width + i] * x[row * width + i];
        const double s = reciprocal[row] = 1 / sqrt(squares / (double)width + 1e-5);
        for (long i = 0; i < width; i++)
            along += (double)dy[row * width + i] * weight[i] * x[row * width + i] / (double)width;
        for (long i = 0; i < width; i++) {
            const long at = row * width + i;
            y[at] = x[at] * s * weight[i];
            added[at] = base[at] + y[at];
            dx[at] = s * ((double)dy[at] * weight[i] - x[at] * s * s * along);
        }
    }
    const size_t bytes = (size_t)count * check_format_bytes(format);
    void *result = check_memory(bytes), *in_place = check_memory(bytes);
    kerf_head_norm_forward(THREADS, rows, width, stored, weight, 1e-5f, format, result);
    check_close("y", count, check_read(count, result, format), y, limit_of(format));
    memcpy(in_place, gradient, bytes);
    kerf_head_norm_backward(THREADS, rows, width, stored, weight, 1e-5f, in_place, format, in_place);
    check_close("dx", count, check_read(count, in_place, format), dx, 2 * limit_of(format));
    if (format != KERF_F32) return;
    float *sum = check_floats(count), *saved = check_floats(rows);
    kerf_rms_norm_add(THREADS, rows, width, x, weight, 1e-5f, base, sum, saved);
    check_close("sum", count, sum, added, 1e-6);
    check_close("1 / rms", rows, saved, reciprocal, 1e-6);
}

static void repeat_row(enum kerf_format format, long width) {
    check_case("repeated row, %s, %ld", check_format_name(format), width);
    enum { ROWS = 4 };
    float *bias = check_values(width, 1);
    check_stored(width, bias, format);
    double *expected = check_doubles(ROWS * width);
    for (long i = 0; i < ROWS * width; i++) expected[i] = bias[i % width];
    void *y = check_memory((size_t)(ROWS * width) * check_format_bytes(format));
    kerf_repeat_row(THREADS, ROWS, width, bias, format, y);
    check_close("y", ROWS * width, check_read(ROWS * width, y, format), expected, 0);
}

static void rope(enum kerf_format format, long head_size, long rotated) {
    enum { SEQUENCE = 7, TOKENS = 2 * SEQUENCE, HEADS = 3 };
    check_case("RoPE, %s, %ld of %ld in a head", check_format_name(format), rotated, head_size);
    const long half = rotated / 2, count = TOKENS * HEADS * head_size;
    float *x = check_values(count, 5), *cosine = check_floats(SEQUENCE * half), *sine = check_floats(SEQUENCE * half);
    for (long i = 0; i < SEQUENCE * half; i++) {
        cosine[i] = (float)cos(0.1 * (double)i);
        sine[i] = (float)sin(0.1 * (double)i);
    }
    void *stored = check_stored(count, x, format);
    double *expected = check_doubles(count);
    for (long i = 0; i < count; i++) {
        const long within = i % head_size, position = i / (HEADS * head_size) % SEQUENCE;
        if (within >= rotated) {
            expected[i] = x[i];
            continue;
        }
        const double c = cosine[position * half + within % half], s = sine[position * half + within % half];
        expected[i] = within < half ? x[i] * c - x[i + half] * s : x[i] * c + x[i - half] * s;
    }
    // In f32 the kernel writes where x was.
    kerf_rope(THREADS, TOKENS, SEQUENCE, HEADS, head_size, rotated, cosine, sine, format, stored);
    check_close("x", count, check_read(count, stored, format), expected, limit_of(format));
}

static void swiglu(enum kerf_format format, bool gelu, long count) {
    check_case("%s, %s, %ld", gelu ? "GeGLU" : "SwiGLU", check_format_name(format), count);
    const size_t bytes = (size_t)count * check_format_bytes(format);
    float *gate = check_values(count, 6), *up = check_values(count, 7), *dy = check_values(count, 8);
    for (long i = 0; i < count; i++) gate[i] *= 10;
    const void *gates = check_stored(count, gate, format), *ups = check_stored(count, up, format);
    const void *gradients = check_stored(count, dy, format);
    double *y = check_doubles(count), *d_gate = check_doubles(count), *d_up = check_doubles(count);
    for (long i = 0; i < count; i++) {
        const double x = gate[i], root = sqrt(2 / acos(-1.0)), bend = tanh(root * (x + 0.044715 * x * x * x));
        const double sigmoid = 1 / (1 + exp(-x));
        const double value = gelu ? x / 2 * (1 + bend) : x * sigmoid;
        const double slope = gelu ? (1 + bend) / 2 + x / 2 * (1 - bend * bend) * root * (1 + 3 * 0.044715 * x * x)
                                  : sigmoid * (1 + x * (1 - sigmoid));
        y[i] = value * up[i];
        d_gate[i] = (double)dy[i] * up[i] * slope;
        d_up[i] = dy[i] * value;
    }
    void *forward = check_memory(bytes), *again = check_memory(bytes), *up_gradient = check_memory(bytes);
    void *gate_gradient = check_memory(bytes);
    (gelu ? kerf_geglu_forward : kerf_swiglu_forward)(THREADS, count, format, gates, ups, forward);
    check_close("y", count, check_read(count, forward, format), y, limit_of(format));
    // dy is where the gate's gradient goes.
    memcpy(gate_gradient, gradients, bytes);
    (gelu ? kerf_geglu_backward : kerf_swiglu_backward)(THREADS, count, format, gates, ups, gate_gradient,
                                                        gate_gradient, up_gradient, again);
    check_close("y again", count, check_read(count, again, format), y, limit_of(format));
    check_close("gate's gradient", count, check_read(count, gate_gradient, format), d_gate, limit_of(format));
    check_close("up's gradient", count, check_read(count, up_gradient, format), d_up, limit_of(format));
}

static void cross_entropy(enum kerf_format format, float cap, long vocabulary) {
    enum { ROWS = 5 };
    check_case("cross entropy, %s, cap %g, %ld", check_format_name(format), (double)cap, vocabulary);
    const long count = ROWS * vocabulary;
    const int32_t targets[ROWS] = {0, (int32_t)vocabulary - 1, -1, (int32_t)vocabulary / 2, 0};
    float *logits = check_values(count, 9), *spent = check_floats(count);
    double *gradient = check_doubles(count), *loss = check_doubles(ROWS), *losses = check_doubles(ROWS);
    double *capped = check_doubles(count);
    for (long i = 0; i < count; i++) {
        spent[i] = logits[i] *= 20;
        capped[i] = cap > 0 ? cap * tanh((double)logits[i] / cap) : logits[i];
    }
    for (long row = 0; row < ROWS; row++) {
        double sum = 0;
        for (long i = 0; i < vocabulary; i++) sum += exp(capped[row * vocabulary + i]);
        const bool aims = targets[row] >= 0;
        loss[row] = aims ? log(sum) - capped[row * vocabulary + targets[row]] : 0;
        for (long i = 0; i < vocabulary; i++) {
            const double logit = capped[row * vocabulary + i], slope = cap > 0 ? 1 - logit / cap * (logit / cap) : 1;
            gradient[row * vocabulary + i] = aims ? 0.25 * slope * (exp(logit) / sum - (i == targets[row])) : 0;
        }
    }
    kerf_cross_entropy(THREADS, ROWS, vocabulary, spent, cap, targets, losses, 0.25f, format, NULL);
    check_close_double("loss", ROWS, losses, loss, 1e-6);
    if (cap > 0) check_close("logits are capped", count, spent, capped, 1e-6);
    else check_same("logits stay without a gradient", (size_t)count * sizeof *spent, spent, logits);
    memcpy(spent, logits, (size_t)count * sizeof *spent);
    void *result = format == KERF_F32 ? spent : check_memory((size_t)count * check_format_bytes(format));
    kerf_cross_entropy(THREADS, ROWS, vocabulary, spent, cap, targets, losses, 0.25f, format, result);
    check_close_double("loss with a gradient", ROWS, losses, loss, 1e-6);
    check_close("gradient", count, check_read(count, result, format), gradient, limit_of(format));
}

void check_layers(void) {
    for (int index = KERF_F32; index <= KERF_BF16; index++) {
        const enum kerf_format format = (enum kerf_format)index;
        rms_norm(format, 5, 67);
        rms_norm(format, 1, 3);
        rms_norm(format, 4, 256);
        other_norms(format, 5, 67);
        other_norms(format, 7, 128);
        repeat_row(format, 37);
        rope(format, 6, 6);
        rope(format, 64, 64);
        rope(format, 96, 72);
        swiglu(format, false, 1003);
        swiglu(format, true, 1003);
        for (int cap = 0; cap <= 30; cap += 15) {
            cross_entropy(format, (float)cap, 33);
            cross_entropy(format, (float)cap, 2100);
        }
    }
}
