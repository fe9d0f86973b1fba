#pragma once

#include "panel_tile.h"

#if defined(__x86_64__)

// Tiles of bf16 pairs by AMX (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, "Programming with
// Intel Advanced Matrix Extensions").

enum { KERF_AMX_ROWS = 16, KERF_AMX_COLUMNS = 32 };

// Whether the processor has tiles of bf16, and the kernel gives this process their state.
bool kerf_has_amx(void);

// Sets up the calling thread's tile registers, and gives them back.
void kerf_amx_begin(void);
void kerf_amx_end(void);

void kerf_amx_tile(const struct kerf_panel_tile *tile, int rows);

// A loop of struct kerf_multiplier: 16 x 16 sums of 32 products each, in four registers.
enum { KERF_AMX_REPEATS = 1024 };
#define KERF_AMX_LOOP_FLOPS (4.0 * 2 * 16 * 16 * 32 * KERF_AMX_REPEATS)
void kerf_amx_loop(const float *operands, float *result);

#endif
