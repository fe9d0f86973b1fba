#include "multiplier_loop.h"
#include "panel_tile_amx.h"
#include "panel_tile_arm.h"

enum { ROWS = 6 };

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

enum { COLUMNS = KERF_PANEL };

static bool always(void) { return true; }
KERF_MULTIPLIER_LOOP(plain_loop, , 6, TILE_FMA)

#if defined(__aarch64__)
#define PLAIN_NAME "neon"
#else
#define PLAIN_NAME "plain"
#endif
static const struct kerf_instruction_set plain = {
    .name = PLAIN_NAME, .is_available = always, .f32 = {plain_f32, ROWS, COLUMNS},
    .f32_multiplier = {plain_loop, KERF_F32_FLOPS(6)}};

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

static bool has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static bool has_avx512(void) { return __builtin_cpu_supports("avx512f"); }
static bool has_avx512_bf16(void) { return __builtin_cpu_supports("avx512bf16"); }

KERF_MULTIPLIER_LOOP(avx2_loop, __attribute__((target("avx2,fma"))), 6, TILE_FMA)
KERF_MULTIPLIER_LOOP(avx512_loop, __attribute__((target("avx512f"))), 14, TILE_FMA)
KERF_MULTIPLIER_LOOP(avx512_pair_loop, TILE_AVX512_BF16, 14, TILE_DOT_PAIR)

static const struct kerf_instruction_set avx2 = {
    .name = "avx2", .is_available = has_avx2, .f32 = {avx2_f32, ROWS, COLUMNS},
    .f32_multiplier = {avx2_loop, KERF_F32_FLOPS(6)}};
static const struct kerf_instruction_set avx512 = {
    .name = "avx512", .is_available = has_avx512, .f32 = {avx512_f32, ROWS, COLUMNS},
    .f32_multiplier = {avx512_loop, KERF_F32_FLOPS(14)}};
static const struct kerf_instruction_set avx512_with_pairs = {
    .name = "avx512_bf16", .is_available = has_avx512_bf16, .f32 = {avx512_f32, ROWS, COLUMNS},
    .bf16 = {avx512_bf16, ROWS, COLUMNS}, .bf16_weight = {avx512_bf16_weight, ROWS, COLUMNS},
    .f32_multiplier = {avx512_loop, KERF_F32_FLOPS(14)}, .bf16_multiplier = {avx512_pair_loop, KERF_PAIR_FLOPS(14)}};
static const struct kerf_instruction_set amx_with_f32 = {
    .name = "amx_bf16", .is_available = kerf_has_amx, .f32 = {avx512_f32, ROWS, COLUMNS},
    .bf16 = {kerf_amx_tile, KERF_AMX_ROWS, KERF_AMX_COLUMNS}, .begin = kerf_amx_begin, .end = kerf_amx_end,
    .f32_multiplier = {avx512_loop, KERF_F32_FLOPS(14)}, .bf16_multiplier = {kerf_amx_loop, KERF_AMX_LOOP_FLOPS}};

#endif

#if defined(__aarch64__)

static const struct kerf_instruction_set neon_with_bf16 = {
    .name = "neon_bf16", .is_available = kerf_has_arm_bf16, .f32 = {plain_f32, ROWS, COLUMNS},
    .bf16 = {kerf_bfmmla_tile, KERF_BFMMLA_ROWS, KERF_BFMMLA_COLUMNS},
    .bf16_weight = {kerf_bfmmla_weight_tile, KERF_BFMMLA_ROWS, KERF_BFMMLA_COLUMNS},
    .f32_multiplier = {plain_loop, KERF_F32_FLOPS(6)}, .bf16_multiplier = {kerf_bfmmla_loop, KERF_BFMMLA_LOOP_FLOPS}};
static const struct kerf_instruction_set sve = {
    .name = "sve", .is_available = kerf_has_long_sve, .f32 = {kerf_sve_tile, KERF_SVE_ROWS, COLUMNS},
    .f32_multiplier = {kerf_sve_loop, KERF_SVE_LOOP_FLOPS}};
static bool has_long_sve_and_bf16(void) { return kerf_has_long_sve() && kerf_has_arm_bf16(); }
static const struct kerf_instruction_set sve_with_bf16 = {
    .name = "sve_bf16", .is_available = has_long_sve_and_bf16, .f32 = {kerf_sve_tile, KERF_SVE_ROWS, COLUMNS},
    .bf16 = {kerf_bfmmla_tile, KERF_BFMMLA_ROWS, KERF_BFMMLA_COLUMNS},
    .bf16_weight = {kerf_bfmmla_weight_tile, KERF_BFMMLA_ROWS, KERF_BFMMLA_COLUMNS},
    .f32_multiplier = {kerf_sve_loop, KERF_SVE_LOOP_FLOPS}, .bf16_multiplier = {kerf_bfmmla_loop, KERF_BFMMLA_LOOP_FLOPS}};

#endif

// ---- Those that this processor has, the plainest first

static const struct kerf_instruction_set *const all[] = {
    &plain,
#if defined(__x86_64__)
    &avx2, &avx512, &avx512_with_pairs, &amx_with_f32,
#elif defined(__aarch64__)
    &neon_with_bf16, &sve, &sve_with_bf16,
#endif
};

int kerf_instruction_set_count(void) {
    int count = 0;
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) count += all[i]->is_available();
    return count;
}

const struct kerf_instruction_set *kerf_instruction_set(int index) {
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->is_available() && index-- == 0) return all[i];
    return &plain;
}

const char *kerf_instruction_set_name(int index) { return kerf_instruction_set(index)->name; }
bool kerf_instruction_set_has_pairs(int index) { return kerf_instruction_set(index)->bf16.run != NULL; }
