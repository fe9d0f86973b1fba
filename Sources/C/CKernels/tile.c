#include "tile.h"

#include "vector.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Without bf16 instructions a pair is split into its lower and its upper half, each an f32 when in the upper bits.
KERF_INLINE void add_pair(kerf_vector *sum, float element, const kerf_vector *vector) {
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

#define TILE_NAME plain_f32
#define TILE_ATTRIBUTES
#define TILE_WIDE 0
#define TILE_MULTIPLY_ADD(sum, element, vector) ((sum) += (vector) * (element))
#include "tile_template.h"

#define TILE_NAME plain_bf16
#define TILE_ATTRIBUTES
#define TILE_WIDE 0
#define TILE_MULTIPLY_ADD(sum, element, vector) add_pair(&(sum), element, &(vector))
#include "tile_template.h"

#if defined(__x86_64__)

#define TILE_NAME avx2_f32
#define TILE_ATTRIBUTES __attribute__((target("avx2,fma")))
#define TILE_WIDE 0
#define TILE_MULTIPLY_ADD(sum, element, vector) ((sum) += (vector) * (element))
#include "tile_template.h"

#define TILE_NAME avx512_f32
#define TILE_ATTRIBUTES __attribute__((target("avx512f")))
#define TILE_WIDE 1
#define TILE_MULTIPLY_ADD(sum, element, vector) ((sum) += (vector) * (element))
#include "tile_template.h"

#define TILE_NAME avx512_bf16
#define TILE_ATTRIBUTES __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define TILE_WIDE 1
#define TILE_MULTIPLY_ADD(sum, element, vector)                                               \
    ((sum) = (kerf_vector)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)_mm512_set1_ps(element), \
                                           (__m512bh)(vector)))
#include "tile_template.h"

bool kerf_has_wide_registers(void) { return __builtin_cpu_supports("avx512f"); }

void kerf_tile_f32(const struct kerf_tile_operands *operands) {
    if (__builtin_cpu_supports("avx512f")) return avx512_f32(operands);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_f32(operands);
    plain_f32(operands);
}

void kerf_tile_bf16(const struct kerf_tile_operands *operands) {
    if (__builtin_cpu_supports("avx512bf16")) return avx512_bf16(operands);
    plain_bf16(operands);
}

#else

bool kerf_has_wide_registers(void) { return false; }
void kerf_tile_f32(const struct kerf_tile_operands *operands) { plain_f32(operands); }
void kerf_tile_bf16(const struct kerf_tile_operands *operands) { plain_bf16(operands); }

#endif
