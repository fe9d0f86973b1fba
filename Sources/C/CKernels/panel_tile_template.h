// The tiles of panel_tile.h for one element type and one instruction set. Included once for each, after
//   TILE_NAME          the function's name
//   TILE_ATTRIBUTES    its target attributes
//   TILE_VECTORS       vectors of their columns that are: 4, or fewer in several passes
//   TILE_STEPS         32-bit elements in a row of A's panel: 64 of f32, 32 pairs of bf16
//   TILE_LOAD(right, v)                       right = the first vectors of a row of V
//   TILE_ORDER(sums)                          puts a row of sums in the order of the columns
//   TILE_MULTIPLY_ADD(sum, element, vector)   sum += element * vector, for vectors of 16 lanes

#define TILE_INLINE static inline __attribute__((always_inline)) TILE_ATTRIBUTES
#define TILE_JOIN_(a, b) a##b
#define TILE_JOIN(a, b) TILE_JOIN_(a, b)
#define TILE_BLOCK TILE_JOIN(TILE_NAME, _block)
#define TILE_LINE_ELEMENTS 16

TILE_INLINE void TILE_BLOCK(const struct kerf_panel_tile *o, const int rows) {
    for (int first = 0; first < KERF_PANEL / KERF_LANES; first += TILE_VECTORS) {
        kerf_vector sums[ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
            for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] = (kerf_vector){};
        const char *panel = (const char *)o->a, *weight = o->weight.at;
        const kerf_element *v = (const kerf_element *)o->v + first * KERF_LANES;
        for (long left = o->panels; left > 0; left--) {
            const kerf_element *a = (const kerf_element *)panel;
            panel += o->a_panel;
            // All rows come to the end of a line at once, which no processor foresees.
#pragma clang loop unroll(full)
            for (int line = 0; line < rows * TILE_STEPS / TILE_LINE_ELEMENTS; line++)
                __builtin_prefetch(panel + 64 * line, 0, 3);
            for (int line = 0; line < o->weight.lines; line++, weight += 64) __builtin_prefetch(weight, 0, 2);
#pragma clang loop unroll_count(4)
            for (long p = 0; p < TILE_STEPS; p++) {
                kerf_vector right[TILE_VECTORS];
                TILE_LOAD(right, v);
#pragma clang loop unroll(full)
                for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
                    for (int j = 0; j < TILE_VECTORS; j++)
                        TILE_MULTIPLY_ADD(sums[i][j], a[i * TILE_STEPS + p], right[j]);
                v += KERF_PANEL;
            }
        }
        float *c = o->c + first * KERF_LANES;
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            TILE_ORDER(sums[i]);
#pragma clang loop unroll(full)
            for (int j = 0; j < TILE_VECTORS; j++) {
                if (o->adding) {
                    kerf_vector before;
                    memcpy(&before, c + i * o->c_row + j * KERF_LANES, sizeof before);
                    sums[i][j] += before;
                }
                memcpy(c + i * o->c_row + j * KERF_LANES, &sums[i][j], sizeof(kerf_vector));
            }
        }
    }
}

#define TILE_CASE(count)      \
    case count:               \
        TILE_BLOCK(o, count); \
        break;

TILE_ATTRIBUTES static void TILE_NAME(const struct kerf_panel_tile *o, int rows) {
    switch (rows) {
        TILE_CASE(1)
        TILE_CASE(2)
        TILE_CASE(3)
        TILE_CASE(4)
        TILE_CASE(5)
        TILE_CASE(6)
    }
}

#undef TILE_INLINE
#undef TILE_JOIN_
#undef TILE_JOIN
#undef TILE_BLOCK
#undef TILE_LINE_ELEMENTS
#undef TILE_CASE
#undef TILE_NAME
#undef TILE_ATTRIBUTES
#undef TILE_VECTORS
#undef TILE_STEPS
#undef TILE_LOAD
#undef TILE_ORDER
#undef TILE_MULTIPLY_ADD
