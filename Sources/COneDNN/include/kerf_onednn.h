#pragma once

#include <stdbool.h>

// What Kerf needs of oneDNN, in functions that exist for version 2 (Debian 12 has 2.6) and version 3 alike: the
// op descriptors of version 2 are gone in version 3, dnnl_sgemm is in both.

struct kerf_onednn_version {
    int major, minor, patch;
};
struct kerf_onednn_version kerf_onednn_version(void);

// The widest instruction set that the library will use here, in Intel's words: avx512_core_bf16.
const char *kerf_onednn_instruction_set(void);

// Whether the library shares out its work by OpenMP; only then does it run on libgomp's threads.
bool kerf_onednn_uses_openmp(void);

// C = alpha op(A) op(B) + beta C, row-major f32, on `threads` threads; inside a parallel region on the caller's alone.
// C: [m, n], op(A): [m, k], op(B): [k, n]. Returns oneDNN's status, 0 for success.
int kerf_onednn_gemm(int threads, bool transpose_a, bool transpose_b, long m, long n, long k, float alpha,
                     const float *a, long lda, const float *b, long ldb, float beta, float *c, long ldc);

// oneDNN's word for a status.
const char *kerf_onednn_status(int status);
