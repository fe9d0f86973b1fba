#pragma once

#include "panel_tile.h"
#include "tile_multiply.h"

// Loops that measure what multiply-add units sustain: no product can be faster. Operands stay in registers and the first
// level of cache.

enum { KERF_MULTIPLIER_REPEATS = 4096 };

// NAME: multiplications and additions with CHAINS independent vectors of sums, more than the latency of one needs.
#define KERF_MULTIPLIER_LOOP(NAME, ATTRIBUTES, CHAINS, MULTIPLY_ADD)                          \
    ATTRIBUTES static void NAME(const float *operands, float *result) {                       \
        kerf_vector sums[CHAINS], v, total = {};                                              \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sums[i] = total;  \
        for (int repeat = 0; repeat < KERF_MULTIPLIER_REPEATS; repeat++) {                    \
            memcpy(&v, operands, sizeof v);                                                   \
            const float element = operands[KERF_LANES];                                       \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++)               \
                MULTIPLY_ADD(sums[i], element, v);                                            \
            /* The operands may have changed, as far as the compiler knows. */                \
            __asm__ volatile("" ::: "memory");                                                \
        }                                                                                     \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) total += sums[i]; \
        memcpy(result, &total, sizeof total);                                                 \
    }

// Floating-point operations of a call, with vectors of f32 or of pairs.
#define KERF_F32_FLOPS(CHAINS) ((CHAINS) * 2.0 * KERF_LANES * KERF_MULTIPLIER_REPEATS)
#define KERF_PAIR_FLOPS(CHAINS) (2 * KERF_F32_FLOPS(CHAINS))
