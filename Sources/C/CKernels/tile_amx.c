#include "tile_amx.h"

#if defined(__x86_64__)

#include "transpose.h"

enum { ROWS = KERF_AMX_ROWS, HALF = KERF_AMX_PAIRS, PAIRS = 2 * HALF };

// Two tiles of sums, and the operands of 16 and of 8 pairs.
enum { LEFT, RIGHT, A, V, HALF_A, HALF_V, REGISTERS };

KERF_AMX void kerf_amx_product_begin(void) {
    struct kerf_amx_registers registers = {.palette = 1};
    for (int i = 0; i < REGISTERS; i++) {
        registers.line_bytes[i] = i == HALF_A ? KERF_AMX_LINE / 2 : KERF_AMX_LINE;
        registers.rows[i] = i == HALF_V ? HALF : ROWS;
    }
    _tile_loadconfig(&registers);
}

KERF_AMX void kerf_amx_product_end(void) { _tile_release(); }

// 16 rows and 32 columns of C, or 16.
KERF_AMX KERF_INLINE void columns(const kerf_element *a, long a_row, long a_step, const kerf_element *b, long b_row,
                                  long pairs, float *c, long c_row, bool adding, bool both) {
    const long c_bytes = c_row * 4, a_bytes = a_row * 4, b_bytes = b_row * 4;
    if (adding) {
        _tile_loadd(LEFT, c, c_bytes);
        if (both) _tile_loadd(RIGHT, c + ROWS, c_bytes);
    } else {
        _tile_zero(LEFT);
        if (both) _tile_zero(RIGHT);
    }
    for (; pairs >= PAIRS; pairs -= PAIRS, a += a_step, b += PAIRS * b_row) {
        _tile_loadd(A, a, a_bytes);
        _tile_loadd(V, b, b_bytes);
        _tile_dpbf16ps(LEFT, A, V);
        if (!both) continue;
        _tile_loadd(V, b + ROWS, b_bytes);
        _tile_dpbf16ps(RIGHT, A, V);
    }
    if (pairs > 0) {
        _tile_loadd(HALF_A, a, a_bytes);
        _tile_loadd(HALF_V, b, b_bytes);
        _tile_dpbf16ps(LEFT, HALF_A, HALF_V);
        if (both) {
            _tile_loadd(HALF_V, b + ROWS, b_bytes);
            _tile_dpbf16ps(RIGHT, HALF_A, HALF_V);
        }
    }
    _tile_stored(LEFT, c, c_bytes);
    if (both) _tile_stored(RIGHT, c + ROWS, c_bytes);
}

// 16 rows of A from its transpose: [pairs / 16][16][16].
__attribute__((target("avx512f"))) static void turn_rows(const kerf_element *a, long a_column, long pairs,
                                                         kerf_element *rows) {
    for (long first = 0; first < pairs; first += PAIRS) {
        kerf_bits square[16] = {};
        for (long i = 0; i < kerf_step(first, pairs); i++)
            memcpy(&square[i], a + (first + i) * a_column, sizeof square[i]);
        kerf_transpose_square(square);
        memcpy(rows + first * ROWS, square, sizeof square);
    }
}

KERF_AMX void kerf_amx_product(const struct kerf_tile_operands *o, long rows, long pairs) {
    kerf_element turned[ROWS * KERF_AMX_TURNED];
    for (long row = 0; row < rows; row += ROWS) {
        const kerf_element *a = (const kerf_element *)o->a + row * o->a_row;
        long a_row = o->a_row, a_step = PAIRS;
        if (o->a_column != 1) {
            turn_rows(a, o->a_column, pairs, turned);
            a = turned;
            a_row = PAIRS;
            a_step = ROWS * PAIRS;
        }
        const kerf_element *b = o->b;
        float *c = o->c + row * o->c_row;
        long column = 0;
        for (; column + 2 * ROWS <= o->n; column += 2 * ROWS)
            columns(a, a_row, a_step, b + column, o->b_row, pairs, c + column, o->c_row, o->adding, true);
        if (column < o->n)
            columns(a, a_row, a_step, b + column, o->b_row, pairs, c + column, o->c_row, o->adding, false);
    }
}

#endif
