#pragma once

#include "amx.h"
#include "panel_tile.h"

#if defined(__x86_64__)

// Tiles of bf16 pairs by AMX.

enum { KERF_AMX_COLUMNS = 32 };

// Sets up the calling thread's tile registers, and gives them back.
void kerf_amx_begin(void);
void kerf_amx_end(void);

void kerf_amx_tile(const struct kerf_panel_tile *tile, int rows);

// A loop of struct kerf_multiplier: 16 x 16 sums of 32 products each, in four registers.
enum { KERF_AMX_REPEATS = 1024 };
#define KERF_AMX_LOOP_FLOPS (4.0 * 2 * 16 * 16 * 32 * KERF_AMX_REPEATS)
void kerf_amx_loop(const float *operands, float *result);

#endif
