#include "tile_amx.h"
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

// What is not whole tiles is left to AVX-512.
static void amx_bf16(const struct kerf_tile_operands *o) {
    struct kerf_tile_operands rest = *o;
    const long rows = o->m / KERF_AMX_ROWS * KERF_AMX_ROWS, pairs = o->k / KERF_AMX_PAIRS * KERF_AMX_PAIRS;
    if (rows > 0 && pairs > 0 && (o->a_column == 1 || pairs <= KERF_AMX_TURNED)) {
        kerf_amx_product(o, rows, pairs);
        if (pairs < o->k) {
            rest.m = rows;
            rest.k = o->k - pairs;
            rest.a = (const kerf_element *)o->a + pairs * o->a_column;
            rest.b = (const kerf_element *)o->b + pairs * o->b_row;
            rest.adding = true;
            avx512_bf16(&rest);
            rest = *o;
        }
        rest.m -= rows;
        rest.a = (const kerf_element *)o->a + rows * o->a_row;
        rest.c = o->c + rows * o->c_row;
    }
    if (rest.m > 0) avx512_bf16(&rest);
}

void kerf_tile_bf16(const struct kerf_tile_operands *operands) {
    if (kerf_has_amx()) return amx_bf16(operands);
    if (__builtin_cpu_supports("avx512bf16")) return avx512_bf16(operands);
    plain_bf16(operands);
}

void kerf_tile_bf16_begin(void) {
    if (kerf_has_amx()) kerf_amx_product_begin();
}
void kerf_tile_bf16_end(void) {
    if (kerf_has_amx()) kerf_amx_product_end();
}
int kerf_tile_bf16_rows(void) { return kerf_has_amx() ? KERF_AMX_ROWS : KERF_TILE_ROWS; }
int kerf_tile_bf16_pairs(void) { return kerf_has_amx() ? KERF_AMX_PAIRS : 1; }

#else

bool kerf_has_wide_registers(void) { return false; }
void kerf_tile_f32(const struct kerf_tile_operands *operands) { plain_f32(operands); }
void kerf_tile_bf16(const struct kerf_tile_operands *operands) { plain_bf16(operands); }
void kerf_tile_bf16_begin(void) {}
void kerf_tile_bf16_end(void) {}
int kerf_tile_bf16_rows(void) { return KERF_TILE_ROWS; }
int kerf_tile_bf16_pairs(void) { return 1; }

#endif

