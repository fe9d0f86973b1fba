#include "panel_tile_arm.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <arm_sve.h>
#include <sys/auxv.h>

#define BF16 __attribute__((target("bf16")))
#define SVE __attribute__((target("sve")))
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

// Documentation/arch/arm64/elf_hwcaps.rst
enum { CAPABILITY_SVE = 1 << 22, CAPABILITY2_BF16 = 1 << 14 };

bool kerf_has_arm_bf16(void) { return getauxval(AT_HWCAP2) & CAPABILITY2_BF16; }

SVE static bool has_long_vectors(void) { return svcntb() > 16; }
bool kerf_has_long_sve(void) { return (getauxval(AT_HWCAP) & CAPABILITY_SVE) && has_long_vectors(); }

// ---- BFMMLA

enum { PANEL_ROW = KERF_PANEL * 2, DEPTH = 4, SUMS = KERF_BFMMLA_COLUMNS / 2 };

// Four elements of the sum for 8 columns, two columns in each vector.
struct columns {
    bfloat16x8_t pair[SUMS];
};

// From two rows of pairs, which are 8 columns each.
INLINE BF16 void join_pairs(struct columns *columns, uint32x4_t first_low, uint32x4_t first_high, uint32x4_t second_low,
                            uint32x4_t second_high) {
    columns->pair[0] = vreinterpretq_bf16_u32(vzip1q_u32(first_low, second_low));
    columns->pair[1] = vreinterpretq_bf16_u32(vzip2q_u32(first_low, second_low));
    columns->pair[2] = vreinterpretq_bf16_u32(vzip1q_u32(first_high, second_high));
    columns->pair[3] = vreinterpretq_bf16_u32(vzip2q_u32(first_high, second_high));
}

// V in pairs: [pairs][64].
INLINE BF16 const char *load_pairs(struct columns *columns, const char *v) {
    const uint32_t *first = (const uint32_t *)v, *second = first + KERF_PANEL;
    join_pairs(columns, vld1q_u32(first), vld1q_u32(first + 4), vld1q_u32(second), vld1q_u32(second + 4));
    return v + DEPTH / 2 * KERF_PANEL * sizeof(uint32_t);
}

// V a weight in panels: [rows][64].
INLINE BF16 const char *load_weight(struct columns *columns, const char *v) {
    uint16x8_t row[DEPTH];
    UNROLLED for (int i = 0; i < DEPTH; i++) row[i] = vld1q_u16((const uint16_t *)v + i * KERF_PANEL);
    join_pairs(columns, vreinterpretq_u32_u16(vzip1q_u16(row[0], row[1])),
               vreinterpretq_u32_u16(vzip2q_u16(row[0], row[1])), vreinterpretq_u32_u16(vzip1q_u16(row[2], row[3])),
               vreinterpretq_u32_u16(vzip2q_u16(row[2], row[3])));
    return v + DEPTH * KERF_PANEL * sizeof(uint16_t);
}

INLINE BF16 void bfmmla_block(const struct kerf_panel_tile *o, const int row_pairs,
                              const char *(*load)(struct columns *columns, const char *v)) {
    float32x4_t sums[KERF_BFMMLA_ROWS / 2][SUMS];
    UNROLLED for (int i = 0; i < row_pairs; i++)
        UNROLLED for (int j = 0; j < SUMS; j++) sums[i][j] = vdupq_n_f32(0);
    const char *a = o->a, *v = o->v, *weight = o->weight.at;
    for (long panel = 0; panel < o->panels; panel++, a += o->a_panel) {
        for (int line = 0; line < o->weight.lines; line++, weight += 64) __builtin_prefetch(weight, 0, 2);
        for (int k = 0; k < KERF_PANEL; k += 2 * DEPTH) {
            struct columns low, high;
            v = load(&low, v);
            v = load(&high, v);
            UNROLLED for (int i = 0; i < row_pairs; i++) {
                const uint64_t *rows = (const uint64_t *)(a + 2 * i * PANEL_ROW + k * 2);
                const uint64x2_t first = vld1q_u64(rows), second = vld1q_u64(rows + PANEL_ROW / 8);
                const bfloat16x8_t a_low = vreinterpretq_bf16_u64(vzip1q_u64(first, second));
                const bfloat16x8_t a_high = vreinterpretq_bf16_u64(vzip2q_u64(first, second));
                UNROLLED for (int j = 0; j < SUMS; j++) sums[i][j] = vbfmmlaq_f32(sums[i][j], a_low, low.pair[j]);
                UNROLLED for (int j = 0; j < SUMS; j++) sums[i][j] = vbfmmlaq_f32(sums[i][j], a_high, high.pair[j]);
            }
        }
    }
    UNROLLED for (int i = 0; i < row_pairs; i++)
        UNROLLED for (int j = 0; j < SUMS; j += 2) {
            // Two columns of both rows each.
            const float64x2_t left = vreinterpretq_f64_f32(sums[i][j]), right = vreinterpretq_f64_f32(sums[i][j + 1]);
            float32x4_t row[2] = {vreinterpretq_f32_f64(vzip1q_f64(left, right)),
                                  vreinterpretq_f32_f64(vzip2q_f64(left, right))};
            UNROLLED for (int k = 0; k < 2; k++) {
                float *c = o->c + (2 * i + k) * o->c_row + 2 * j;
                vst1q_f32(c, o->adding ? vaddq_f32(vld1q_f32(c), row[k]) : row[k]);
            }
        }
}

#define BFMMLA_TILE(NAME, LOAD)                                         \
    BF16 void NAME(const struct kerf_panel_tile *o, int rows) {         \
        switch ((rows + 1) / 2) {                                       \
            case 1: bfmmla_block(o, 1, LOAD); break;                    \
            case 2: bfmmla_block(o, 2, LOAD); break;                    \
            case 3: bfmmla_block(o, 3, LOAD); break;                    \
            default: bfmmla_block(o, KERF_BFMMLA_ROWS / 2, LOAD); break; \
        }                                                               \
    }
BFMMLA_TILE(kerf_bfmmla_tile, load_pairs)
BFMMLA_TILE(kerf_bfmmla_weight_tile, load_weight)

BF16 void kerf_bfmmla_loop(const float *operands, float *result) {
    enum { CHAINS = 12 };
    float32x4_t sums[CHAINS], total = vdupq_n_f32(0);
    UNROLLED for (int i = 0; i < CHAINS; i++) sums[i] = total;
    for (int repeat = 0; repeat < KERF_ARM_REPEATS; repeat++) {
        const bfloat16x8_t a = vreinterpretq_bf16_f32(vld1q_f32(operands)), b = vreinterpretq_bf16_f32(vld1q_f32(operands + 4));
        UNROLLED for (int i = 0; i < CHAINS; i++) sums[i] = vbfmmlaq_f32(sums[i], a, b);
        // The operands may have changed, as far as the compiler knows.
        __asm__ volatile("" ::: "memory");
    }
    UNROLLED for (int i = 0; i < CHAINS; i++) total = vaddq_f32(total, sums[i]);
    vst1q_f32(result, total);
}

// ---- SVE. Its vectors have no fixed size, so that they cannot be in arrays.

#define EACH_ROW(M) M(0) M(1) M(2) M(3) M(4) M(5)
#define EACH_COLUMN(M, i) M(i, 0) M(i, 1) M(i, 2) M(i, 3)

#define ZERO(i, j) svfloat32_t sum##i##j = svdup_f32(0);
#define ZERO_ROW(i) EACH_COLUMN(ZERO, i)
// A tile has fewer rows at the end: the last one takes the place of those that are missing.
#define POINT_ROW(i) const float *a##i = (const float *)o->a + (i < rows ? i : rows - 1) * KERF_PANEL;
#define ADD(i, j) sum##i##j = svmla_f32_x(all, sum##i##j, v##j, element##i);
#define ADD_ROW(i)                                     \
    {                                                  \
        const svfloat32_t element##i = svdup_f32(a##i[k]); \
        EACH_COLUMN(ADD, i)                            \
    }
#define NEXT_PANEL(i) a##i += o->a_panel / (long)sizeof(float);
#define STORE(i, j)                                                                      \
    if (i < rows) {                                                                      \
        float *c = o->c + i * o->c_row + column + j * lanes;                             \
        if (o->adding) sum##i##j = svadd_f32_x(p##j, sum##i##j, svld1_f32(p##j, c));     \
        svst1_f32(p##j, c, sum##i##j);                                                   \
    }
#define STORE_ROW(i) EACH_COLUMN(STORE, i)

SVE void kerf_sve_tile(const struct kerf_panel_tile *o, int rows) {
    const long lanes = (long)svcntw();
    const svbool_t all = svptrue_b32();
    for (long column = 0; column < KERF_PANEL; column += 4 * lanes) {
        const svbool_t p0 = svwhilelt_b32_s64(column, KERF_PANEL), p1 = svwhilelt_b32_s64(column + lanes, KERF_PANEL),
                       p2 = svwhilelt_b32_s64(column + 2 * lanes, KERF_PANEL),
                       p3 = svwhilelt_b32_s64(column + 3 * lanes, KERF_PANEL);
        EACH_ROW(ZERO_ROW)
        EACH_ROW(POINT_ROW)
        const float *v = (const float *)o->v + column;
        const char *weight = o->weight.at;
        for (long panel = 0; panel < o->panels; panel++) {
            for (int line = 0; line < o->weight.lines; line++, weight += 64) __builtin_prefetch(weight, 0, 2);
            for (int k = 0; k < KERF_PANEL; k++, v += KERF_PANEL) {
                const svfloat32_t v0 = svld1_f32(p0, v), v1 = svld1_f32(p1, v + lanes),
                                  v2 = svld1_f32(p2, v + 2 * lanes), v3 = svld1_f32(p3, v + 3 * lanes);
                EACH_ROW(ADD_ROW)
            }
            EACH_ROW(NEXT_PANEL)
        }
        EACH_ROW(STORE_ROW)
    }
}

SVE void kerf_sve_loop(const float *operands, float *result) {
    const svbool_t all = svptrue_b32();
    svfloat32_t s0 = svdup_f32(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0;
    const long repeats = KERF_ARM_REPEATS * 16 / (long)svcntw();
    for (long repeat = 0; repeat < repeats; repeat++) {
        const svfloat32_t a = svdup_f32(operands[0]), b = svdup_f32(operands[1]);
#define MULTIPLY_ADD(sum) sum = svmla_f32_x(all, sum, a, b);
        MULTIPLY_ADD(s0) MULTIPLY_ADD(s1) MULTIPLY_ADD(s2) MULTIPLY_ADD(s3) MULTIPLY_ADD(s4)
        MULTIPLY_ADD(s5) MULTIPLY_ADD(s6) MULTIPLY_ADD(s7) MULTIPLY_ADD(s8) MULTIPLY_ADD(s9)
        // The operands may have changed, as far as the compiler knows.
        __asm__ volatile("" ::: "memory");
    }
    const svfloat32_t low = svadd_x(all, svadd_x(all, s0, s1), svadd_x(all, s2, s3));
    const svfloat32_t high = svadd_x(all, svadd_x(all, s4, s5), svadd_x(all, s6, s7));
    result[0] = svaddv_f32(all, svadd_x(all, svadd_x(all, low, high), svadd_x(all, s8, s9)));
}

#endif
