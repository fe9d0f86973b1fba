#include "check.h"
#include "groups.h"

#include <math.h>
#include <string.h>

struct shape {
    long batch, sequence, heads, key_heads, head_size;
    int threads;
    // Keys that a query sees, elements of a head that are rotated (0 for all), and a soft cap.
    long window, rotated;
    double cap;
};

static const struct shape shapes[] = {
    {1, 1, 2, 1, 16, 2, 0, 0, 0},
    // More than a block of query rows (48).
    {2, 49, 4, 2, 6, 2, 0, 0, 0},
    // One key head for all on two threads: divided into parts whose gradients are added up.
    {1, 97, 4, 1, 32, 2, 0, 0, 0},
    // More than a block of keys (192).
    {1, 195, 2, 2, 80, 1, 0, 0, 0},
    // Windows within a panel of 64, across panels, across blocks of keys.
    {2, 150, 4, 2, 6, 2, 20, 0, 0},
    {1, 300, 4, 1, 16, 2, 100, 0, 0},
    {1, 500, 1, 1, 16, 1, 257, 0, 0},
    {1, 195, 2, 1, 16, 2, 0, 0, 3},
    {1, 130, 4, 1, 32, 2, 40, 20, 2},
};

// In double, before the gradients are rotated back.
struct reference {
    double *out, *log_sum_exp, *dq, *dk, *dv;
};

struct inputs {
    float *q, *k, *v, *out_gradient;
};

// One row of queries of one head: softmax over the keys up to its own, and what its gradient adds to q, k and v.
static void reference_row(const struct shape *s, const struct inputs *in, long batch, long head, long row,
                          double *scores, double *weights, struct reference *out) {
    const long size = s->head_size, wide = s->heads * size, narrow = s->key_heads * size;
    const long first = batch * s->sequence, at = (first + row) * wide + head * size;
    const long keys = first * narrow + head / (s->heads / s->key_heads) * size;
    const long begin = s->window > 0 && row + 1 > s->window ? row + 1 - s->window : 0;
    const double scale = 1 / sqrt((double)size);
    double sum = 0, along = 0;
    for (long j = begin; j <= row; j++) {
        double score = 0;
        for (long e = 0; e < size; e++) score += (double)in->q[at + e] * in->k[keys + j * narrow + e];
        scores[j] = s->cap > 0 ? s->cap * tanh(score * scale / s->cap) : score * scale;
        weights[j] = exp(scores[j]);
        sum += weights[j];
    }
    out->log_sum_exp[(batch * s->heads + head) * s->sequence + row] = log(sum);
    for (long e = 0; e < size; e++) out->out[at + e] = 0;
    for (long j = begin; j <= row; j++)
        for (long e = 0; e < size; e++) out->out[at + e] += weights[j] / sum * in->v[keys + j * narrow + e];
    for (long e = 0; e < size; e++) along += in->out_gradient[at + e] * out->out[at + e];
    for (long e = 0; e < size; e++) out->dq[at + e] = 0;
    for (long j = begin; j <= row; j++) {
        const long key = keys + j * narrow;
        const double weight = weights[j] / sum, tangent = s->cap > 0 ? scores[j] / s->cap : 0;
        double gradient = 0;
        for (long e = 0; e < size; e++) gradient += (double)in->out_gradient[at + e] * in->v[key + e];
        gradient = weight * (gradient - along) * scale * (1 - tangent * tangent);
        for (long e = 0; e < size; e++) {
            out->dq[at + e] += gradient * in->k[key + e];
            out->dk[key + e] += gradient * in->q[at + e];
            out->dv[key + e] += weight * in->out_gradient[at + e];
        }
    }
}

// Rotates each head by the angle of its position, back: what the kernel does with the gradients of q and k.
static void rotate_back(const struct shape *s, long heads, const float *cosine, const float *sine, double *x) {
    const long half = (s->rotated > 0 ? s->rotated : s->head_size) / 2;
    for (long token = 0; token < s->batch * s->sequence; token++)
        for (long head = 0; head < heads; head++)
            for (long i = 0; i < half; i++) {
                double *first = x + (token * heads + head) * s->head_size + i, *second = first + half;
                const double c = cosine[token % s->sequence * half + i], n = sine[token % s->sequence * half + i];
                const double a = *first, b = *second;
                *first = a * c + b * n;
                *second = b * c - a * n;
            }
}

static void compare(const char *what, long count, const void *result, const double *expected, enum kerf_format format,
                    bool is_zero) {
    // Probabilities and their gradients are rounded to bf16 on the way.
    const double limit = format == KERF_F32 ? 2e-6 : 6e-3;
    const float *values = check_read(count, result, format);
    if (!is_zero) return check_close(what, count, values, expected, limit);
    // A single key leaves no choice: its gradients are zero up to rounding.
    for (long i = 0; i < count; i++) check_that(what, fabsf(values[i]) < 1e-2f);
}

static void attention(const struct shape *s, enum kerf_format format) {
    check_case("%s, batch %ld, sequence %ld, %ld heads of %ld on %ld, window %ld, cap %g, %d threads",
               check_format_name(format), s->batch, s->sequence, s->heads, s->head_size, s->key_heads, s->window, s->cap,
               s->threads);
    const long rotated = s->rotated > 0 ? s->rotated : s->head_size;
    const long tokens = s->batch * s->sequence, wide = tokens * s->heads * s->head_size;
    const long narrow = tokens * s->key_heads * s->head_size, half = rotated / 2;
    const struct inputs in = {check_values(wide, 1), check_values(narrow, 2), check_values(narrow, 3),
                              check_values(wide, 4)};
    for (long i = 0; i < wide; i++) in.q[i] *= 2;
    for (long i = 0; i < narrow; i++) in.k[i] *= 2;
    const void *q = check_stored(wide, in.q, format), *k = check_stored(narrow, in.k, format);
    const void *v = check_stored(narrow, in.v, format), *out_gradient = check_stored(wide, in.out_gradient, format);
    float *cosine = check_floats(s->sequence * half), *sine = check_floats(s->sequence * half);
    for (long i = 0; i < s->sequence * half; i++) {
        cosine[i] = (float)cos(0.01 * (double)i);
        sine[i] = (float)sin(0.01 * (double)i);
    }

    struct reference r = {check_doubles(wide), check_doubles(tokens * s->heads), check_doubles(wide),
                          check_doubles(narrow), check_doubles(narrow)};
    for (long i = 0; i < narrow; i++) r.dk[i] = r.dv[i] = 0;
    double *scores = check_doubles(s->sequence), *weights = check_doubles(s->sequence);
    for (long batch = 0; batch < s->batch; batch++)
        for (long head = 0; head < s->heads; head++)
            for (long row = 0; row < s->sequence; row++) reference_row(s, &in, batch, head, row, scores, weights, &r);
    rotate_back(s, s->heads, cosine, sine, r.dq);
    rotate_back(s, s->key_heads, cosine, sine, r.dk);

    struct kerf_attention a = {.batch = s->batch, .sequence = s->sequence, .heads = s->heads,
                               .key_heads = s->key_heads, .head_size = s->head_size,
                               .scale = (float)(1 / sqrt((double)s->head_size)), .format = format, .cosine = cosine,
                               .sine = sine, .rotated = rotated, .window = s->window, .cap = (float)s->cap};
    a.parts = kerf_attention_parts(&a, s->threads);
    const size_t bytes = check_format_bytes(format);
    void *out = check_memory((size_t)wide * bytes), *dq = check_memory((size_t)wide * bytes);
    void *dk = check_memory((size_t)narrow * bytes), *dv = check_memory((size_t)narrow * bytes);
    float *log_sum_exp = check_floats(tokens * s->heads);
    float *key_parts = check_floats(narrow * a.parts), *value_parts = check_floats(narrow * a.parts);
    kerf_attention_forward(s->threads, &a, q, k, v, out, log_sum_exp,
                           check_memory(kerf_attention_forward_scratch(&a, s->threads)));
    kerf_attention_backward(s->threads, &a, q, k, v, out, log_sum_exp, out_gradient, dq, dk, dv, key_parts, value_parts,
                            check_memory(kerf_attention_backward_scratch(&a, s->threads)));
    compare("out", wide, out, r.out, format, false);
    check_close("log of the sum", tokens * s->heads, log_sum_exp, r.log_sum_exp, 1e-6);
    compare("gradient of q", wide, dq, r.dq, format, s->sequence == 1);
    compare("gradient of k", narrow, dk, r.dk, format, s->sequence == 1);
    compare("gradient of v", narrow, dv, r.dv, format, false);
}

void check_attention(void) {
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        attention(&shapes[i], KERF_F32);
        attention(&shapes[i], KERF_BF16);
    }
}
