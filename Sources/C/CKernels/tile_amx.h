#pragma once

#include "amx.h"
#include "tile.h"

#if defined(__x86_64__)

// The product of tile.h by AMX, for its first `rows` rows and the first `pairs` elements of the sum: multiples of
// KERF_AMX_ROWS and of KERF_AMX_PAIRS. A that lies transposed has up to KERF_AMX_TURNED pairs.
enum { KERF_AMX_PAIRS = 8, KERF_AMX_TURNED = 32 };
void kerf_amx_product(const struct kerf_tile_operands *o, long rows, long pairs);

// Sets up the calling thread's tile registers for it, and gives them back.
void kerf_amx_product_begin(void);
void kerf_amx_product_end(void);

#endif
