#include "panel_tile.h"

#include "tile_multiply.h"

#define LOAD_ROW(right, v) \
    for (int j_ = 0; j_ < TILE_VECTORS; j_++) memcpy(&(right)[j_], (v) + j_ * KERF_LANES, sizeof(kerf_vector))
#define IN_ORDER(sums)

#define TILE_NAME plain_f32
#define TILE_ATTRIBUTES
#define TILE_VECTORS 1
#define TILE_STEPS 64
#define TILE_LOAD LOAD_ROW
#define TILE_ORDER IN_ORDER
#define TILE_MULTIPLY_ADD TILE_FMA
#include "panel_tile_template.h"

#if defined(__aarch64__)
#define PLAIN_NAME "neon"
#else
#define PLAIN_NAME "plain"
#endif
static const struct kerf_panel_functions plain = {PLAIN_NAME, plain_f32, 0, 0};

#if defined(__x86_64__)

#define TILE_NAME avx2_f32
#define TILE_ATTRIBUTES __attribute__((target("avx2,fma")))
#define TILE_VECTORS 1
#define TILE_STEPS 64
#define TILE_LOAD LOAD_ROW
#define TILE_ORDER IN_ORDER
#define TILE_MULTIPLY_ADD TILE_FMA
#include "panel_tile_template.h"

#define TILE_NAME avx512_f32
#define TILE_ATTRIBUTES __attribute__((target("avx512f")))
#define TILE_VECTORS 4
#define TILE_STEPS 64
#define TILE_LOAD LOAD_ROW
#define TILE_ORDER IN_ORDER
#define TILE_MULTIPLY_ADD TILE_FMA
#include "panel_tile_template.h"

#define TILE_NAME avx512_bf16
#define TILE_ATTRIBUTES TILE_AVX512_BF16
#define TILE_VECTORS 4
#define TILE_STEPS 32
#define TILE_LOAD LOAD_ROW
#define TILE_ORDER IN_ORDER
#define TILE_MULTIPLY_ADD TILE_DOT_PAIR
#include "panel_tile_template.h"

// Pairs are formed within 16 bytes, which takes one instruction a vector; the sums are put in order at the end.
#define TILE_NAME avx512_bf16_weight
#define TILE_ATTRIBUTES TILE_AVX512_BF16
#define TILE_VECTORS 4
#define TILE_STEPS 32
#define TILE_LOAD(right, v)                                                          \
    do {                                                                             \
        for (int j_ = 0; j_ < 4; j_ += 2) {                                          \
            const __m512i first_ = _mm512_loadu_si512((v) + j_ / 2 * KERF_LANES),    \
                          second_ = _mm512_loadu_si512((v) + (2 + j_ / 2) * KERF_LANES); \
            (right)[j_] = (kerf_vector)_mm512_unpacklo_epi16(first_, second_);       \
            (right)[j_ + 1] = (kerf_vector)_mm512_unpackhi_epi16(first_, second_);   \
        }                                                                            \
    } while (0)
#define TILE_ORDER(sums)                                                                                      \
    do {                                                                                                      \
        for (int j_ = 0; j_ < 4; j_ += 2) {                                                                   \
            const kerf_vector low_ = (sums)[j_], high_ = (sums)[j_ + 1];                                      \
            (sums)[j_] = __builtin_shufflevector(low_, high_, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, \
                                                 22, 23);                                                     \
            (sums)[j_ + 1] = __builtin_shufflevector(low_, high_, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14,   \
                                                     15, 28, 29, 30, 31);                                     \
        }                                                                                                     \
    } while (0)
#define TILE_MULTIPLY_ADD TILE_DOT_PAIR
#include "panel_tile_template.h"

const struct kerf_panel_functions *kerf_panel_functions(void) {
    static const struct kerf_panel_functions
        avx2 = {"avx2", avx2_f32, 0, 0},
        avx512 = {"avx512", avx512_f32, 0, 0},
        avx512_with_bf16 = {"avx512", avx512_f32, avx512_bf16, avx512_bf16_weight};
    if (__builtin_cpu_supports("avx512bf16")) return &avx512_with_bf16;
    if (__builtin_cpu_supports("avx512f")) return &avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
    return &plain;
}

#else

const struct kerf_panel_functions *kerf_panel_functions(void) { return &plain; }

#endif

const char *kerf_frozen_instruction_set(void) { return kerf_panel_functions()->instruction_set; }
bool kerf_frozen_has_pairs(void) { return kerf_panel_functions()->bf16 != 0; }
