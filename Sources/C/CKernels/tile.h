#pragma once

#include "kerf_kernels.h"

#include <stdbool.h>

// One 32-bit element of an operand. bf16 is written as 16-bit numbers and pairs of it are read here, so the type may alias
// any other.
typedef float kerf_element __attribute__((may_alias));

// Small matrix products on the calling thread, for operands that lie in cache: C[m, n] (+)= A[m, k] B[k, n].
//
// Operands are 32-bit elements, counted as such in every stride: one f32, or two bf16 of consecutive k, the first in
// the lower half (what the processor's bf16 dot products take); then `k` counts pairs. C is f32. `n` is a multiple of
// 16, and rows of B and C start at multiples of 16 elements. A's element (i, p) is at a[i * a_row + p * a_column], so A
// may lie transposed.
struct kerf_tile_operands {
    long m, n, k;
    const void *a;
    long a_row, a_column;
    const void *b;
    long b_row;
    float *c;
    long c_row;
    bool adding;
};

void kerf_tile_f32(const struct kerf_tile_operands *operands);
void kerf_tile_bf16(const struct kerf_tile_operands *operands);

// Whether the processor has 32 registers of 64 bytes: more rows and columns of C are then held at once.
bool kerf_has_wide_registers(void);

// Called by each thread before its first product of bf16 and after its last one.
void kerf_tile_bf16_begin(void);
void kerf_tile_bf16_end(void);

// Rows that a product takes at once, and the step in which it takes pairs of bf16: with fewer it is slower.
enum { KERF_TILE_ROWS = 6 };
int kerf_tile_bf16_rows(void);
int kerf_tile_bf16_pairs(void);
