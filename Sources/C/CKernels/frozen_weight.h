#pragma once

#include "panel_tile.h"

#include <stddef.h>

// Frozen weights in panels of 64 inputs.
//
// A weight W[outputs, inputs] lies in blocks of 256 outputs. A block holds units of 64 or, where a quantized format shares
// scales among more, 256 inputs; a unit holds its inputs of each of the block's outputs, one after the other:
// [outputs / 256][inputs / unit][256][unit]. Outputs are rounded up to multiples of 64 and inputs to whole units, with
// zeros; the last block has fewer outputs. A panel is 64 inputs of a block: a whole unit or a quarter of one. So a block's
// panel is contiguous for the sum over the outputs, and a block's consecutive panels for the sum over the inputs.

enum { KERF_BLOCK = 256 };

static inline long kerf_round_up(long count, long unit) { return (count + unit - 1) / unit * unit; }
static inline long kerf_least(long a, long b) { return a < b ? a : b; }
static inline size_t kerf_format_bytes(enum kerf_format format) { return format == KERF_F32 ? 4 : 2; }

// What of a format gives the places of its numbers.
struct kerf_weight_unit {
    long inputs;
    long bytes;
};

static inline struct kerf_weight_unit kerf_weight_unit(enum kerf_weight_format format) {
    switch (format) {
        case KERF_WEIGHT_F32: return (struct kerf_weight_unit){64, 256};
        case KERF_WEIGHT_BF16: return (struct kerf_weight_unit){64, 128};
        case KERF_WEIGHT_INT8: return (struct kerf_weight_unit){64, 64};
        case KERF_WEIGHT_Q8_0: return (struct kerf_weight_unit){64, 2 * 34};
        case KERF_WEIGHT_Q4_0: return (struct kerf_weight_unit){64, 2 * 18};
        case KERF_WEIGHT_Q4_1: return (struct kerf_weight_unit){64, 2 * 20};
        case KERF_WEIGHT_Q4_K: return (struct kerf_weight_unit){256, 144};
        case KERF_WEIGHT_Q6_K: return (struct kerf_weight_unit){256, 210};
    }
    return (struct kerf_weight_unit){64, 0};
}

// A weight in panels.
struct kerf_frozen_weight {
    long outputs, inputs;
    enum kerf_weight_format format;
    const void *packed;
};

// Outputs of the block that holds an output, with padding.
static inline long kerf_block_rows(long output, long outputs) {
    return kerf_least(KERF_BLOCK, kerf_round_up(outputs, KERF_PANEL) - output / KERF_BLOCK * KERF_BLOCK);
}

static inline long kerf_unit_count(const struct kerf_frozen_weight *w) {
    const long inputs = kerf_weight_unit(w->format).inputs;
    return (w->inputs + inputs - 1) / inputs;
}

// The unit that holds a panel for an output.
static inline void *kerf_unit_at(const struct kerf_frozen_weight *w, long output, long panel) {
    const struct kerf_weight_unit unit = kerf_weight_unit(w->format);
    const long block = output / KERF_BLOCK * KERF_BLOCK;
    const long index = panel * KERF_PANEL / unit.inputs;
    const long before =
        block * kerf_unit_count(w) + index * kerf_block_rows(output, w->outputs) + output - block;
    return (char *)w->packed + before * unit.bytes;
}

// Whether a panel is the first of its unit.
static inline bool kerf_begins_unit(const struct kerf_frozen_weight *w, long panel) {
    return panel * KERF_PANEL % kerf_weight_unit(w->format).inputs == 0;
}

// What tiles take in place of a weight that is not in their format.
enum kerf_unpacked {
    KERF_UNPACKED_F32,      // [count, 64]
    KERF_UNPACKED_ROUNDED,  // the same, rounded to bf16
    KERF_UNPACKED_BF16,     // [count, 64] in bf16
    KERF_UNPACKED_PAIRS,    // [count / 2, 64] pairs of consecutive outputs in bf16
};

// A panel of outputs output ..< output + count, all of one block. Not for weights in f32.
void kerf_unpack(const struct kerf_frozen_weight *w, long output, long count, long panel, enum kerf_unpacked form,
                 void *y);
