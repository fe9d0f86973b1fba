#pragma once

#include "tile.h"

// Tiles of products with frozen weights, on the calling thread: C[rows, columns] (+)= A[rows, panels * 64] V[panels * 64,
// columns].
//
// The operands lie in panels of 64. A panel of A holds 64 consecutive elements of the sum for each row, row by row; V has
// 64 columns, row by row. So a weight in panels can be either operand: A where its rows give the result's rows, V where
// they are summed over.
enum { KERF_PANEL = 64 };

// Memory that a later tile reads: so many lines of it are fetched into the second level of cache for each panel.
struct kerf_fetch {
    const char *at;
    int lines;
};

struct kerf_panel_tile {
    long panels;   // of A, over which the product sums
    const void *a; // its first row in its first panel
    long a_panel;  // bytes from a panel of A to the next
    const void *v;
    float *c;
    long c_row;    // floats from a row of C to the next
    bool adding;
    struct kerf_fetch weight, next_v;
};

// One way to multiply. Its tiles have up to `rows` rows and, of V's 64 columns, `columns` at a time, so that the sums stay
// in registers. It may read and write memory of up to `rows` rows where a tile has fewer.
struct kerf_panel_multiply {
    void (*run)(const struct kerf_panel_tile *tile, int rows);
    int rows, columns;
};

// A loop of multiplications and additions on operands in registers, and their number in a call.
struct kerf_multiplier {
    void (*loop)(const float *operands, float *result);
    double flops;
};

// The ways of one instruction set.
struct kerf_instruction_set {
    const char *name;
    bool (*is_available)(void);
    struct kerf_panel_multiply f32;
    // Both operands in bf16, of which pairs are summed; none without such instructions. A row of V holds the pairs of two
    // consecutive elements of the sum for 64 columns.
    struct kerf_panel_multiply bf16;
    // V is a weight in panels: its pairs are formed from two rows each. Where there is none, they are formed before.
    struct kerf_panel_multiply bf16_weight;
    // Called by each thread before its first tile and after its last one; NULL where there is nothing to do.
    void (*begin)(void);
    void (*end)(void);
    struct kerf_multiplier f32_multiplier, bf16_multiplier;
};

// One that this processor has: 0 ..< kerf_instruction_set_count().
const struct kerf_instruction_set *kerf_instruction_set(int index);
