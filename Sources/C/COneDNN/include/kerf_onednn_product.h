#pragma once

#include <stdbool.h>
#include <stddef.h>

// A matrix product whose right side is a frozen weight, prepared once and run many times: oneDNN's matmul primitive.
// Version 2 describes it by an operation descriptor, version 3 does not; everything else is the same for both.

enum kerf_onednn_format { KERF_ONEDNN_F32, KERF_ONEDNN_BF16 };

// y[m, n] = base[m, n] + x[m, k] B[k, n], all row-major and contiguous but B.
struct kerf_onednn_shape {
    long m, n, k;
    enum kerf_onednn_format source;       // of x and B
    enum kerf_onednn_format destination;  // of y and base; sums are f32
    // Whether the weight is W[n, k], so that B is its transpose; else it is W[k, n], which is B.
    bool transposed;
    // Whether kerf_onednn_pack converts B to oneDNN's preferred layout; else B is used as it is.
    bool packed;
};

typedef struct kerf_onednn_product kerf_onednn_product;

// All functions return oneDNN's status, 0 for success.
int kerf_onednn_product_create(kerf_onednn_product **product, const struct kerf_onednn_shape *shape, int threads);
void kerf_onednn_product_destroy(kerf_onednn_product *product);

// oneDNN's name of the code that computes the product: brg:avx512_core_bf16, or ref:any for a plain loop.
const char *kerf_onednn_implementation(const kerf_onednn_product *product);

// Bytes of B in its layout, and of a run's scratch memory.
size_t kerf_onednn_weight_bytes(const kerf_onednn_product *product);
size_t kerf_onednn_scratch_bytes(const kerf_onednn_product *product);

// Converts W, in f32 and as `transposed` says, to B's layout.
int kerf_onednn_pack(const kerf_onednn_product *product, const float *weight, void *packed);

// One product on `threads` threads; the base may be NULL (zero) and may be y itself. Not from two threads at once.
int kerf_onednn_product_run(const kerf_onednn_product *product, int threads, const void *x, const void *packed,
                            const void *base, void *y, void *scratch);
