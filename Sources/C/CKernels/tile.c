#include "tile.h"

#include "tile_multiply.h"

#define TILE_NAME plain_f32
#define TILE_ATTRIBUTES
#define TILE_WIDE 0
#define TILE_MULTIPLY_ADD TILE_FMA
#include "tile_template.h"

#define TILE_NAME plain_bf16
#define TILE_ATTRIBUTES
#define TILE_WIDE 0
#define TILE_MULTIPLY_ADD TILE_SPLIT_PAIR
#include "tile_template.h"

#if defined(__x86_64__)

#define TILE_NAME avx2_f32
#define TILE_ATTRIBUTES __attribute__((target("avx2,fma")))
#define TILE_WIDE 0
#define TILE_MULTIPLY_ADD TILE_FMA
#include "tile_template.h"

#define TILE_NAME avx512_f32
#define TILE_ATTRIBUTES __attribute__((target("avx512f")))
#define TILE_WIDE 1
#define TILE_MULTIPLY_ADD TILE_FMA
#include "tile_template.h"

#define TILE_NAME avx512_bf16
#define TILE_ATTRIBUTES TILE_AVX512_BF16
#define TILE_WIDE 1
#define TILE_MULTIPLY_ADD TILE_DOT_PAIR
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
