#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// C kernels of Kerf's transformer layers.
//
// All matrices are row-major and contiguous; those without a format are f32. `threads` is the number of threads of
// libgomp's pool among which the rows are divided, in contiguous ranges: equal thread counts give equal bits. Sums use
// 16 lanes in a fixed order, so that clones for different instruction sets differ only where the compiler forms fused
// multiply-adds.

// Number format of activations; all sums are f32. bf16 is the upper half of an f32, rounded to nearest even.
enum kerf_format { KERF_F32, KERF_BF16 };

// ---- Threads (parallel.c)

// Number of processors that this process may run on.
int kerf_processor_count(void);

// Runs body(context, thread, threads) once on each of `threads` threads, and waits for them. They are the threads of the
// OpenMP runtime (libgomp), which oneDNN uses too: a second pool would compete for the cores.
void kerf_parallel(int threads, void (*body)(void *context, int thread, int threads), void *context);

// Binds thread i of `threads` to the i-th processor that the process may run on. Returns whether all were bound.
bool kerf_pin_threads(int threads);

// Binds all of `threads` threads to a set of processors. Returns whether all were bound.
bool kerf_bind_threads(int threads, const int *cpus, int count);

// Whether this process may run on any processor of a set.
bool kerf_may_run_on(const int *cpus, int count);

// Makes denormals zero on the calling thread (x86: FTZ and DAZ; Arm: FZ); returns the state for kerf_restore_denormals.
// On threads that kerf_parallel starts the setting is permanent.
uint64_t kerf_flush_denormals(void);
void kerf_restore_denormals(uint64_t state);

// ---- Layer kernels, whose rows are divided among the threads

// y[r] = x[r] / rms(x[r]) * weight, rms(x) = sqrt(mean(x^2) + epsilon); saves 1 / rms of each row.
// x, y: [rows, width]; weight: [width]; reciprocal_rms: [rows].
void kerf_rms_norm_forward(int threads, long rows, long width, const float *x, const float *weight, float epsilon,
                           enum kerf_format format, void *y, float *reciprocal_rms);

// dx = residual + d(norm)/dx applied to dy; the weight is frozen and gets no gradient. `residual` may be NULL (zero)
// and may be dx itself.
void kerf_rms_norm_backward(int threads, long rows, long width, const float *x, const float *weight,
                            const float *reciprocal_rms, const float *dy, const float *residual, float *dx);

// y[r] = base[r] + x[r] / rms(x[r]) * weight, all f32: a norm whose result is added to the residual stream. Saves 1 / rms.
void kerf_rms_norm_add(int threads, long rows, long width, const float *x, const float *weight, float epsilon,
                       const float *base, float *y, float *reciprocal_rms);

// The same norm of short rows, such as one head's queries: x, y: [rows, width] in `format`.
void kerf_head_norm_forward(int threads, long rows, long width, const void *x, const float *weight, float epsilon,
                            enum kerf_format format, void *y);

// Its gradient: dx = d(norm)/dx applied to dy, with 1 / rms computed again from x; dx may be dy itself.
void kerf_head_norm_backward(int threads, long rows, long width, const void *x, const float *weight, float epsilon,
                             const void *dy, enum kerf_format format, void *dx);

// y[r] = bias for each row: what a product with a bias is added to. y: [rows, width].
void kerf_repeat_row(int threads, long rows, long width, const float *bias, enum kerf_format format, void *y);

// Rotates each head's elements (i, i + rotated / 2) in place by the angle of the token's position; elements from `rotated`
// on stay. x: [tokens, heads * head_size]; cosine, sine: [sequence, rotated / 2]; a token's position is its row modulo
// `sequence`. Attention's backward pass rotates back.
void kerf_rope(int threads, long tokens, long sequence, long heads, long head_size, long rotated, const float *cosine,
               const float *sine, enum kerf_format format, void *x);

// y = silu(gate) * up, silu(x) = x / (1 + exp(-x)).
void kerf_swiglu_forward(int threads, long count, enum kerf_format format, const void *gate, const void *up, void *y);

// Gradients of silu(gate) * up, and y again where it is not NULL; d_gate may be dy itself.
void kerf_swiglu_backward(int threads, long count, enum kerf_format format, const void *gate, const void *up,
                          const void *dy, void *d_gate, void *d_up, void *y);

// The same with GELU by tanh in place of silu: gelu(x) = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
void kerf_geglu_forward(int threads, long count, enum kerf_format format, const void *gate, const void *up, void *y);
void kerf_geglu_backward(int threads, long count, enum kerf_format format, const void *gate, const void *up,
                         const void *dy, void *d_gate, void *d_up, void *y);

// y = x, converted to `format`.
void kerf_copy(int threads, long count, const float *x, enum kerf_format format, void *y);

// y[r] = table[tokens[r]]. The tokens must be in range: they are not checked here.
void kerf_embedding_gather(int threads, long rows, long width, enum kerf_format format, const void *table,
                           const int32_t *tokens, float *y);

// y[r, g * size + i] = sum over j of x[r, (g * group + j) * size + i]: sums the gradients that parts of the query heads
// contribute to the key or value head that they share. x: [rows, groups * group * size].
void kerf_sum_groups(int threads, long rows, long groups, long group, long size, const float *x,
                     enum kerf_format format, void *y);

// For each row of logits: loss = log(sum(exp(logits))) - logits[target]; 0 where target < 0. If `gradient` is not NULL,
// gradient = scale * (softmax(logits) - one-hot(target)), 0 in rows with target < 0, and the logits are overwritten. In
// f32 it may be the same memory as the logits. With a `cap` above 0 the logits are first replaced by cap tanh(logits /
// cap), also without a gradient, which is then that of the logits before.
void kerf_cross_entropy(int threads, long rows, long vocabulary, float *logits, float cap, const int32_t *targets,
                        double *losses, float scale, enum kerf_format format, void *gradient);

// ---- Products with frozen weights (frozen_product.c)
//
// A weight W[outputs, inputs] is stored once, in panels that both directions read (frozen_panels.h). Forward,
// y[rows, outputs] = base + x W'; backward, y[rows, inputs] = base + x W. Sums are f32 and are taken in an order that
// depends on the sizes of W only: neither the number of threads nor the other rows of x change a bit.
//
// A quantized W stays quantized in memory; it is unpacked a few panels at a time to the values that ggml's own dequantization
// gives, which are rounded to bf16 where x is bf16.
//
// bf16 is multiplied in pairs by an instruction set that has them, and is converted to f32 by the others.

// Instruction sets of the products that this processor has, the plainest first.
int kerf_instruction_set_count(void);
const char *kerf_instruction_set_name(int index);
bool kerf_instruction_set_has_pairs(int index);

// Format of a weight in memory. The quantized ones have ggml's blocks (ggml-common.h: block_q8_0, ...), except int8: signed
// bytes with one scale for each output, value = scale * byte.
enum kerf_weight_format {
    KERF_WEIGHT_F32,
    KERF_WEIGHT_BF16,
    KERF_WEIGHT_INT8,
    KERF_WEIGHT_Q8_0,
    KERF_WEIGHT_Q4_0,
    KERF_WEIGHT_Q4_1,
    KERF_WEIGHT_Q4_K,
    KERF_WEIGHT_Q6_K,
};

struct kerf_frozen_product {
    long rows, outputs, inputs;
    bool forward;
    enum kerf_format source;       // of x
    enum kerf_format destination;  // of y and the base
    enum kerf_weight_format weight;
    int instruction_set;
};

// Bytes of W in panels.
size_t kerf_frozen_weight_bytes(long outputs, long inputs, enum kerf_weight_format format);

// Rows first ..< first + count of W, f32, in panels of f32 or bf16. The last rows come with the panels' padding.
void kerf_frozen_pack(int threads, long outputs, long inputs, enum kerf_weight_format format, long first, long count,
                      const float *rows, void *packed);

// The same for a quantized format. A row has its blocks one after the other; in int8 its bytes and then its scale (f32).
void kerf_frozen_pack_blocks(int threads, long outputs, long inputs, enum kerf_weight_format format, long first,
                             long count, const void *rows, void *packed);

// y[r] = W[tokens[r]]: rows of an embedding in panels. The tokens must be in range: they are not checked here.
void kerf_frozen_gather(int threads, long rows, long outputs, long inputs, enum kerf_weight_format format,
                        const void *packed, const int32_t *tokens, float *y);

size_t kerf_frozen_scratch_bytes(int threads, const struct kerf_frozen_product *product);

// The base may be NULL (zero) and may be y itself. `packed` and `scratch` start at a cache line.
void kerf_frozen_run(int threads, const struct kerf_frozen_product *product, const void *x, const void *packed,
                     const void *base, void *y, void *scratch);

// FLOP/s that an instruction set's multiply-add units, or for pairs its tiles, sustain in all threads together for
// `seconds` on operands in registers; 0 for pairs without such instructions.
double kerf_multiplier_rate(int threads, int instruction_set, bool pairs, double seconds);

// ---- Low-rank products (low_rank.c). x, y: [rows, width]; t: [rows, rank] with a row stride of `stride` elements, so
// that it may be a column range of a wider matrix; P, g: [rank, width].

// P in the layout of the products, [width / 16, rounded up][rank][16]; `transposed` when p is [width, rank].
void kerf_low_rank_panels(int threads, long width, long rank, const float *p, bool transposed, float *panels);

// t = scale x P'
void kerf_low_rank_project(int threads, long rows, long width, long rank, enum kerf_format format, const void *x,
                           const float *panels, float scale, float *t, long stride);

// y = base + t P; the base may be NULL (zero) and may be y itself.
void kerf_low_rank_expand(int threads, long rows, long width, long rank, const float *t, long stride,
                          const float *panels, enum kerf_format format, const void *base, void *y);

// g = t' x
void kerf_low_rank_outer(int threads, long rows, long width, long rank, const float *t, long stride,
                         enum kerf_format format, const void *x, float *g);

// y[columns, rows] = x[rows, columns]'
void kerf_transpose(int threads, long rows, long columns, const float *x, float *y);

// One step of AdamW with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).
struct kerf_adamw {
    float decay;                   // 1 - learning rate * weight decay
    float step_size;               // learning rate / (1 - beta1^t)
    float beta1, beta2;
    float complement1, complement2;  // 1 - beta1, 1 - beta2: rounded once, since beta2 is close to 1
    float root_second_correction;  // 1 / sqrt(1 - beta2^t)
    float epsilon;
};
void kerf_adamw_step(int threads, long count, struct kerf_adamw step, const float *gradient, float *parameter,
                     float *first_moment, float *second_moment);

// Sum of the squares of `count` values, in double.
double kerf_sum_of_squares(long count, const float *values);

// result = a + b; the result may be a or b.
void kerf_add(int threads, long count, const float *a, const float *b, float *result);

// values *= factor
void kerf_scale(int threads, long count, float factor, float *values);

// ---- Causal attention (attention_forward.c, attention_backward.c)
//
// out = softmax(scale q k') v for each head, with keys masked after the query's own position and, with a window, before
// its last `window` ones. With a cap the scores s = scale q k' are cap tanh(s / cap). Query heads share key heads in
// groups of heads / key_heads. q, out: [batch * sequence, heads * head_size]; k, v: [batch * sequence, key_heads *
// head_size]; log_sum_exp: [batch, heads, sequence], of the scaled scores.
//
// Neither pass stores more than a block of query rows of the scores. The backward pass recomputes them from q, k and
// log_sum_exp (Dao et al., "FlashAttention", arXiv 2205.14135). It rotates the gradients of q and k back, so that they
// are those of the inputs of kerf_rope.
struct kerf_attention {
    long batch, sequence, heads, key_heads, head_size;
    // Number of units of work into which a group of query heads is divided, from kerf_attention_parts: more for many
    // threads. With more than one, gradients of keys and values are summed at the end.
    long parts;
    float scale;
    enum kerf_format format;
    const float *cosine, *sine;  // those of kerf_rope
    long rotated;                // that of kerf_rope
    long window;                 // keys that a query sees, its own included; 0 for all before
    float cap;                   // 0 for none
};
long kerf_attention_parts(const struct kerf_attention *shape, int threads);

// Bytes of scratch memory of a pass.
size_t kerf_attention_forward_scratch(const struct kerf_attention *shape, int threads);
size_t kerf_attention_backward_scratch(const struct kerf_attention *shape, int threads);

void kerf_attention_forward(int threads, const struct kerf_attention *shape, const void *query, const void *key,
                            const void *value, void *out, float *log_sum_exp, void *scratch);

// key_parts, value_parts: f32, [batch * sequence, key_heads * parts * head_size] each; unused when parts is 1.
void kerf_attention_backward(int threads, const struct kerf_attention *shape, const void *query, const void *key,
                             const void *value, const void *out, const float *log_sum_exp, const void *out_gradient,
                             void *query_gradient, void *key_gradient, void *value_gradient, float *key_parts,
                             float *value_parts, void *scratch);

// y = tanh(x) as computed in the kernels: relative error up to 3e-7.
void kerf_tanh(long count, const float *x, float *y);

// y = exp(x) as computed in the kernels: relative error up to 2e-7, 0 below -87.3, at most 3e38.
void kerf_exp(long count, const float *x, float *y);
