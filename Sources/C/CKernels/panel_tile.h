#pragma once

#include "tile.h"

// Tiles of products with frozen weights, on the calling thread: C[rows, 64] (+)= A[rows, panels * 64] V[panels * 64, 64].
//
// The operands lie in panels of 64. A panel of A holds 64 consecutive elements of the sum for each row, row by row; V has
// 64 columns, row by row. So a weight in panels can be either operand: A where its rows give the result's rows, V where
// they are summed over.
// A tile has up to 6 rows, whose sums stay in registers.
enum { KERF_PANEL = 64, KERF_TILE_ROWS = 6 };

struct kerf_panel_tile {
    long panels;   // of A, over which the product sums
    const void *a; // its first row in its first panel
    long a_panel;  // bytes from a panel of A to the next
    const void *v;
    float *c;
    long c_row;    // floats from a row of C to the next
    bool adding;
    // What a later tile reads: so many lines of it are fetched into the second level of cache for each panel.
    const void *ahead;
    int ahead_lines;
};

typedef void (*kerf_panel_function)(const struct kerf_panel_tile *tile, int rows);

// Tiles for one instruction set.
struct kerf_panel_functions {
    const char *instruction_set;
    kerf_panel_function f32;
    // Both operands in bf16, of which pairs are summed; NULL without such instructions. A row of V holds the pairs of two
    // consecutive elements of the sum for 64 columns.
    kerf_panel_function bf16;
    // V is a weight in panels: its pairs are formed from two rows each.
    kerf_panel_function bf16_weight;
};

const struct kerf_panel_functions *kerf_panel_functions(void);
