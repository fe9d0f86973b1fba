#pragma once

#include "panel_tile.h"

#if defined(__aarch64__)

// Tiles by the extensions of 64-bit Arm beyond NEON (Arm Architecture Reference Manual for A-profile, FEAT_BF16, FEAT_SVE).

enum { KERF_BFMMLA_ROWS = 8, KERF_BFMMLA_COLUMNS = 8, KERF_SVE_ROWS = 6 };

bool kerf_has_arm_bf16(void);
// Whether there are vectors of SVE that are longer than NEON's.
bool kerf_has_long_sve(void);

// Pairs of bf16 by BFMMLA, which adds the products of 2 x 4 and 4 x 2 numbers to 2 x 2 sums.
void kerf_bfmmla_tile(const struct kerf_panel_tile *tile, int rows);
void kerf_bfmmla_weight_tile(const struct kerf_panel_tile *tile, int rows);
void kerf_sve_tile(const struct kerf_panel_tile *tile, int rows);

// Loops of struct kerf_multiplier.
enum { KERF_ARM_REPEATS = 4096 };
#define KERF_BFMMLA_LOOP_FLOPS (12.0 * 2 * 2 * 2 * 4 * KERF_ARM_REPEATS)
void kerf_bfmmla_loop(const float *operands, float *result);
// As many operations, however long the vectors are.
#define KERF_SVE_LOOP_FLOPS (10.0 * 2 * 16 * KERF_ARM_REPEATS)
void kerf_sve_loop(const float *operands, float *result);

#endif
