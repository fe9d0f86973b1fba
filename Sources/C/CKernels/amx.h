#pragma once

#include <stdbool.h>

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>

// AMX (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, "Programming with Intel Advanced Matrix
// Extensions"): a tile register has up to 16 rows of 64 bytes. TDPBF16PS adds to 16 x 16 sums the products of 16 rows of A,
// 16 pairs of the sum's elements each, with 16 rows of pairs of V.

#define KERF_AMX __attribute__((target("amx-tile,amx-bf16")))

enum { KERF_AMX_ROWS = 16, KERF_AMX_LINE = 64 };

// The shapes of the tile registers: LDTILECFG's operand.
struct kerf_amx_registers {
    uint8_t palette, start_row, reserved[14];
    uint16_t line_bytes[16];
    uint8_t rows[16];
};

#endif

// Whether the processor has tiles of bf16, and the kernel gives this process their state.
bool kerf_has_amx(void);
