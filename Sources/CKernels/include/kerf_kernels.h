#pragma once

#include <stdbool.h>
#include <stdint.h>

// C kernels of Kerf's transformer layers: everything but the matrix products.
//
// All matrices are f32, row-major and, unless a leading dimension is given, contiguous. `threads` is the number of
// threads of libgomp's pool that share the rows, cut into equal runs: the same thread count gives the same bits.
// Sums are taken over 16 lanes in a fixed order, so that clones for different instruction sets differ only by the
// fused multiply-adds that the compiler may form.

// ---- Threads (parallel.c)

// Processors that this process may run on.
int kerf_processor_count(void);

// Whether the caller is one of several threads of a parallel region.
bool kerf_in_parallel(void);

// Runs body(context, thread, threads) once on each of `threads` threads, and waits for all. The threads are those of
// the OpenMP runtime (libgomp), which oneDNN uses too: a second pool would fight it for the cores.
void kerf_parallel(int threads, void (*body)(void *context, int thread, int threads), void *context);

// Makes denormals zero on the calling thread (x86: FTZ and DAZ; Arm: FZ); returns what kerf_restore_denormals takes.
// Threads that kerf_parallel starts are set so for good.
uint64_t kerf_flush_denormals(void);
void kerf_restore_denormals(uint64_t state);

// ---- Layer kernels, which share their rows among the threads

// y[r] = x[r] / rms(x[r]) * weight, rms(x) = sqrt(mean(x^2) + epsilon); saves 1 / rms of each row.
// x, y: [rows, width]; weight: [width]; reciprocal_rms: [rows].
void kerf_rms_norm_forward(int threads, long rows, long width, const float *x, const float *weight, float epsilon,
                           float *y, float *reciprocal_rms);

// dx = residual + d(norm)/dx applied to dy; the weight is frozen and gets no gradient. `residual` may be NULL (zero)
// and may be dx itself.
void kerf_rms_norm_backward(int threads, long rows, long width, const float *x, const float *weight,
                            const float *reciprocal_rms, const float *dy, const float *residual, float *dx);

// Rotates each head's elements (i, i + head_size / 2) in place by the angle of the token's position.
// x: [tokens, heads * head_size]; cosine, sine: [sequence, head_size / 2]; a token's position is its row modulo
// `sequence`. `inverse` rotates back, which is also the gradient.
void kerf_rope(int threads, long tokens, long sequence, long heads, long head_size, const float *cosine,
               const float *sine, bool inverse, float *x);

// y = silu(gate) * up, silu(x) = x / (1 + exp(-x)).
void kerf_swiglu_forward(int threads, long count, const float *gate, const float *up, float *y);

// Gradients of silu(gate) * up; d_gate may be dy itself.
void kerf_swiglu_backward(int threads, long count, const float *gate, const float *up, const float *dy, float *d_gate,
                          float *d_up);

// y = a + b.
void kerf_add(int threads, long count, const float *a, const float *b, float *y);

// y[r] = table[tokens[r]]. The tokens must be in range: they are not checked here.
void kerf_embedding_gather(int threads, long rows, long width, const float *table, const int32_t *tokens, float *y);

// y[r, g * size + i] = sum over j of x[r, (g * group + j) * size + i]: adds up the gradients that the `group` query
// heads give to the one head of keys or values that they share. x: [rows, groups * group * size].
void kerf_sum_groups(int threads, long rows, long groups, long group, long size, const float *x, float *y);

// For each row of logits: log_sum_exp, and loss = log_sum_exp - logits[target]; 0 where target < 0.
void kerf_cross_entropy_forward(int threads, long rows, long vocabulary, const float *logits, const int32_t *targets,
                                float *log_sum_exp, double *losses);

// logits become scale * (softmax(logits) - one-hot(target)); rows with target < 0 become 0.
void kerf_cross_entropy_backward(int threads, long rows, long vocabulary, float *logits, const int32_t *targets,
                                 const float *log_sum_exp, float scale);

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

// ---- Attention's row kernels, which run on the calling thread
//
// A block of query rows: row r of the block is query `first + r` and sees the keys 0 ... first + r. Blocks have
// `columns` columns of which only those are computed; the others are set to 0.

// scores become probabilities; log_sum_exp: [rows].
void kerf_causal_softmax_forward(long rows, long first, long columns, float *scores, long leading,
                                 float *log_sum_exp);

// scores become probabilities again, from the saved log_sum_exp, and d_probabilities become d_scores:
// d_scores = probabilities * (d_probabilities - row_dots), row_dots[r] = sum of probabilities * d_probabilities,
// which equals the dot product of the output's row and its gradient.
void kerf_causal_softmax_backward(long rows, long first, long columns, float *scores, float *d_probabilities,
                                  long leading, const float *log_sum_exp, const float *row_dots);

// dots[r] = a[r] . b[r]
void kerf_row_dots(long rows, long width, const float *a, long leading_a, const float *b, long leading_b, float *dots);

// y = exp(x), as the kernels compute it: within 2e-7 relative of the true value, 0 below -87.3, never above 3e38.
void kerf_exp(long count, const float *x, float *y);
