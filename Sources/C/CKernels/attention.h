#pragma once

#include "parallel.h"
#include "tile.h"
#include "vector.h"

// Shared by the forward and the backward pass of attention.
//
// A unit of work is one sequence and one key-value head, with all or some of the query heads that share it; one thread
// runs it. Queries are processed in blocks of rows, keys in panels of columns. On the diagonal the rows of a tile are
// processed in groups, each up to the last key that is not masked for its last row, so that masked scores are neither
// computed nor summed.
enum { QUERY_ROWS = 48, PANEL = 64, KEY_BLOCK = 192 };

// The rows and heads of one unit.
struct unit {
    long row;         // first row of the sequence
    long key_head;
    long first_head, last_head;  // query heads, the last excluded
    long part;        // of the `parts` that share the key head
};

struct unit kerf_attention_unit(const struct kerf_attention *shape, long index);

// Sizes in elements of 32 bits.
KERF_INLINE long least(long a, long b) { return a < b ? a : b; }
KERF_INLINE long round_up(long count, long step) { return (count + step - 1) / step * step; }
KERF_INLINE long width_of(const struct kerf_attention *s) { return round_up(s->head_size, KERF_LANES); }
KERF_INLINE long depth_of(const struct kerf_attention *s) {
    return s->format == KERF_BF16 ? s->head_size / 2 : s->head_size;
}
KERF_INLINE long columns_of(const struct kerf_attention *s) { return round_up(s->sequence, PANEL); }
// Stored rows of an operand whose rows are summed over: bf16 stores them in pairs.
KERF_INLINE long summed_of(const struct kerf_attention *s, long rows) {
    return s->format == KERF_BF16 ? (rows + 1) / 2 : rows;
}

// The first key that the query at a position sees.
KERF_INLINE long first_seen(const struct kerf_attention *s, long position) {
    return s->window > 0 && position + 1 > s->window ? position + 1 - s->window : 0;
}

// Where a block of query rows that begins at `position` begins to read keys: the panel of the first key that it sees.
KERF_INLINE long first_panel(const struct kerf_attention *s, long position) {
    return first_seen(s, position) / PANEL * PANEL;
}

// Whether scores have neither a window nor a cap.
KERF_INLINE bool is_plain(const struct kerf_attention *s) {
    return !(s->cap > 0) && (s->window <= 0 || s->window >= s->sequence);
}

// The lanes of a vector whose index, counted from the vector's first, is below `count`.
KERF_INLINE void lanes_below(kerf_lanes *mask, long count) {
    const kerf_lanes index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    *mask = index < (int32_t)(count < 0 ? 0 : count > KERF_LANES ? KERF_LANES : count);
}

KERF_INLINE void tile(const struct kerf_attention *s, struct kerf_tile_operands operands) {
    if (s->format == KERF_BF16) kerf_tile_bf16(&operands);
    else kerf_tile_f32(&operands);
}

// Rows of a group on the diagonal, and the step in which elements of a sum are taken.
KERF_INLINE long group_rows(const struct kerf_attention *s) {
    return s->format == KERF_BF16 ? kerf_tile_bf16_rows() : KERF_TILE_ROWS;
}
KERF_INLINE long sum_step(const struct kerf_attention *s) {
    return s->format == KERF_BF16 ? kerf_tile_bf16_pairs() : 1;
}

// Scores of a block of query rows against a panel of keys: C[rows, PANEL] = A panel, as far as they are seen. Row r sees
// the panel's first `seen + r` columns.
KERF_INLINE void tile_scores(const struct kerf_attention *s, struct kerf_tile_operands o, long seen) {
    o.n = PANEL;
    if (seen >= PANEL) {
        tile(s, o);
        return;
    }
    const long rows = o.m, group = group_rows(s);
    const struct kerf_tile_operands all = o;
    for (long row = 0; row < rows; row += group) {
        o.m = least(group, rows - row);
        o.n = least(PANEL, round_up(seen + row + o.m - 1, KERF_LANES));
        if (o.n <= 0) continue;
        o.a = (const kerf_element *)all.a + row * all.a_row;
        o.c = all.c + row * all.c_row;
        tile(s, o);
    }
}

// The product of rows of scores with what they weigh: row r's first `seen + r` columns count, at most o.k of them (all
// counted in columns, which the formats pack alone or in pairs). Those behind them are zeros.
KERF_INLINE void tile_weighted(const struct kerf_attention *s, struct kerf_tile_operands o, long seen) {
    const long rows = o.m, pair = s->format == KERF_BF16 ? 2 : 1, group = group_rows(s);
    const struct kerf_tile_operands all = o;
    if (seen >= all.k) {
        o.k = (all.k + pair - 1) / pair;
        tile(s, o);
        return;
    }
    for (long row = 0; row < rows; row += group) {
        o.m = least(group, rows - row);
        const long columns = least(all.k, seen + row + o.m - 1);
        o.k = columns > 0 ? least((all.k + pair - 1) / pair, round_up((columns + pair - 1) / pair, sum_step(s))) : 0;
        if (o.k == 0 && o.adding) continue;
        o.a = (const kerf_element *)all.a + row * all.a_row;
        o.c = all.c + row * all.c_row;
        tile(s, o);
    }
}

// A row of a matrix `stride` elements wide, in the shape's format.
KERF_INLINE const void *row_of(const struct kerf_attention *s, const void *matrix, long stride, long row, long column) {
    const long index = row * stride + column;
    return s->format == KERF_BF16 ? (const void *)((const uint16_t *)matrix + index)
                                  : (const void *)((const float *)matrix + index);
}

// Prefetches a block of rows of a head that will be written.
KERF_INLINE void expect_write(const struct kerf_attention *s, void *to, long stride, long rows) {
    const long element = s->format == KERF_BF16 ? 2 : 4;
    for (long r = 0; r < rows; r++)
        for (long byte = 0; byte < s->head_size * element; byte += 64)
            __builtin_prefetch((char *)to + r * stride * element + byte, 1);
}

// Writes `rows` rows as panels of their transpose, [rows / 64][depth][64], the layout of the product that computes
// scores. Rows up to `padded` become 0.
void kerf_attention_panels(const struct kerf_attention *shape, const void *from, long stride, long rows, long padded,
                           uint32_t *panels);

// Writes `rows` rows as the right side of a product that sums over them, [stored rows][width]; bf16 stores two rows in
// one. Rows up to `padded` become 0.
void kerf_attention_summed(const struct kerf_attention *shape, const void *from, long stride, long rows, long padded,
                           uint32_t *to);

// Writes a block of f32 sums, `width` apart, times `scale` each row, in the shape's format.
void kerf_attention_write(const struct kerf_attention *shape, long rows, const float *sums, const float *scales,
                          void *to, long stride);

// Writes a block of f32 sums, rotated back from the positions that begin at `position`.
void kerf_attention_write_back(const struct kerf_attention *shape, long position, long rows, const float *sums,
                               void *to, long stride);
