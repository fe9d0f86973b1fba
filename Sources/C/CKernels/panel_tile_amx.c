#include "panel_tile_amx.h"

#if defined(__x86_64__)

#define UNROLLED _Pragma("clang loop unroll(full)")

enum { ROWS = KERF_AMX_ROWS, LINE = KERF_AMX_LINE, PANEL_ROW = KERF_PANEL * 2, V_ROW = KERF_PANEL * 4, STEPS = PANEL_ROW / LINE };

KERF_AMX void kerf_amx_begin(void) {
    struct kerf_amx_registers registers = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        registers.line_bytes[i] = LINE;
        registers.rows[i] = ROWS;
    }
    _tile_loadconfig(&registers);
}

KERF_AMX void kerf_amx_end(void) { _tile_release(); }

// Only four registers are used. Beside a busy sibling thread a core has few to rename them to: there, a tile of 32 x 32
// sums in all eight registers takes twice as long.
KERF_AMX void kerf_amx_tile(const struct kerf_panel_tile *o, int rows) {
    enum { LEFT, RIGHT, A, V };
    (void)rows;
    const long c_row = o->c_row * (long)sizeof(float);
    if (o->adding) {
        _tile_loadd(LEFT, o->c, c_row);
        _tile_loadd(RIGHT, o->c + 16, c_row);
    } else {
        _tile_zero(LEFT);
        _tile_zero(RIGHT);
    }
    const char *a = o->a, *v = o->v, *weight = o->weight.at, *next_v = o->next_v.at;
    for (long panel = 0; panel < o->panels; panel++) {
        // After the last panel comes the first one of the next rows.
        const char *next = panel + 1 < o->panels ? a + o->a_panel : (const char *)o->a + ROWS * PANEL_ROW;
        for (int line = 0; line < o->weight.lines; line++, weight += LINE) __builtin_prefetch(weight, 0, 2);
        for (int line = 0; line < o->next_v.lines; line++, next_v += LINE) __builtin_prefetch(next_v, 0, 2);
        UNROLLED for (int step = 0; step < STEPS; step++) {
            _tile_loadd(A, a + step * LINE, PANEL_ROW);
            UNROLLED for (int line = 0; line < ROWS; line++)
                __builtin_prefetch(next + (step * ROWS + line) * LINE, 0, 3);
            _tile_loadd(V, v, V_ROW);
            _tile_dpbf16ps(LEFT, A, V);
            _tile_loadd(V, v + LINE, V_ROW);
            _tile_dpbf16ps(RIGHT, A, V);
            v += ROWS * V_ROW;
        }
        a = next;
    }
    _tile_stored(LEFT, o->c, c_row);
    _tile_stored(RIGHT, o->c + 16, c_row);
}

KERF_AMX void kerf_amx_loop(const float *operands, float *result) {
    enum { A = 4, V };
    // Every row has the same operands.
    _tile_loadd(A, operands, 0);
    _tile_loadd(V, operands, 0);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int repeat = 0; repeat < KERF_AMX_REPEATS; repeat++) {
        _tile_dpbf16ps(0, A, V);
        _tile_dpbf16ps(1, A, V);
        _tile_dpbf16ps(2, A, V);
        _tile_dpbf16ps(3, A, V);
    }
    _tile_stored(0, result, 0);
}

#endif
