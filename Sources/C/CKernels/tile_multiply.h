#pragma once

#include "vector.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// How tiles multiply and add: sum += element * vector, for vectors of 16 lanes. A pair is two bf16 in 32 bits, the first
// in the lower half; both of its products are added.

#define TILE_FMA(sum, element, vector) ((sum) += (vector) * (element))

// Without bf16 instructions a pair is split into its lower and its upper half, each an f32 when in the upper bits.
KERF_INLINE void kerf_add_pair(kerf_vector *sum, float element, const kerf_vector *vector) {
    uint32_t pair;
    memcpy(&pair, &element, sizeof pair);
    const uint32_t low_bits = pair << 16, high_bits = pair & 0xffff0000u;
    float low, high;
    memcpy(&low, &low_bits, sizeof low);
    memcpy(&high, &high_bits, sizeof high);
    const kerf_bits b = (kerf_bits)*vector;
    *sum += (kerf_vector)(b << 16) * low;
    *sum += (kerf_vector)(b & 0xffff0000u) * high;
}
#define TILE_SPLIT_PAIR(sum, element, vector) kerf_add_pair(&(sum), element, &(vector))

#if defined(__x86_64__)
#define TILE_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define TILE_DOT_PAIR(sum, element, vector)                                                    \
    ((sum) = (kerf_vector)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)_mm512_set1_ps(element), \
                                           (__m512bh)(vector)))
#endif
