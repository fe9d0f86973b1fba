// The product of tile.h for one element type and one instruction set. Included once for each, after
//   TILE_NAME          the function's name
//   TILE_ATTRIBUTES    its target attributes
//   TILE_MULTIPLY_ADD(sum, element, vector)   sum += element * vector, for vectors of 16 lanes
// C's tile is kept in registers: 6 rows of up to 4 vectors with 32 wide registers, else 4 rows of 1.

#define TILE_INLINE static inline __attribute__((always_inline)) TILE_ATTRIBUTES
#define TILE_JOIN_(a, b) a##b
#define TILE_JOIN(a, b) TILE_JOIN_(a, b)
#define TILE_BLOCK TILE_JOIN(TILE_NAME, _block)
#define TILE_COLUMNS TILE_JOIN(TILE_NAME, _columns)

TILE_INLINE void TILE_BLOCK(const struct kerf_tile_operands *o, long row, long column, const int rows,
                            const int vectors) {
    kerf_vector sums[6][4];
    float *c = o->c + row * o->c_row + column;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            sums[i][j] = (kerf_vector){};
            if (o->adding) memcpy(&sums[i][j], c + i * o->c_row + j * KERF_LANES, sizeof(kerf_vector));
        }
    const kerf_element *a = (const kerf_element *)o->a + row * o->a_row;
    const kerf_element *b = (const kerf_element *)o->b + column;
    const long a_row = o->a_row, a_column = o->a_column, b_row = o->b_row;
    for (long p = 0; p < o->k; p++) {
        kerf_vector right[4];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) memcpy(&right[j], b + j * KERF_LANES, sizeof(kerf_vector));
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
            for (int j = 0; j < vectors; j++) TILE_MULTIPLY_ADD(sums[i][j], a[i * a_row], right[j]);
        a += a_column;
        b += b_row;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++)
            memcpy(c + i * o->c_row + j * KERF_LANES, &sums[i][j], sizeof(kerf_vector));
}

TILE_INLINE void TILE_COLUMNS(const struct kerf_tile_operands *o, long column, const int rows, const int vectors) {
    long row = 0;
    for (; row + rows <= o->m; row += rows) TILE_BLOCK(o, row, column, rows, vectors);
    for (; row + 2 <= o->m; row += 2) TILE_BLOCK(o, row, column, 2, vectors);
    if (row < o->m) TILE_BLOCK(o, row, column, 1, vectors);
}

TILE_ATTRIBUTES static void TILE_NAME(const struct kerf_tile_operands *o) {
    long column = 0;
    if (TILE_WIDE) {
        for (; column + 4 * KERF_LANES <= o->n; column += 4 * KERF_LANES) TILE_COLUMNS(o, column, 6, 4);
        for (; column + 2 * KERF_LANES <= o->n; column += 2 * KERF_LANES) TILE_COLUMNS(o, column, 6, 2);
        if (column < o->n) TILE_COLUMNS(o, column, 6, 1);
    } else {
        for (; column < o->n; column += KERF_LANES) TILE_COLUMNS(o, column, 4, 1);
    }
}

#undef TILE_INLINE
#undef TILE_JOIN_
#undef TILE_JOIN
#undef TILE_BLOCK
#undef TILE_COLUMNS
#undef TILE_NAME
#undef TILE_ATTRIBUTES
#undef TILE_MULTIPLY_ADD
#undef TILE_WIDE
