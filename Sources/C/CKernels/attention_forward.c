#include "attention.h"

#include <math.h>

// A thread's scratch memory, in 32-bit elements.
struct memory {
    uint32_t *keys;    // panels of the keys' transpose
    uint32_t *values;  // the values, stored for a sum over rows
    float *scores;     // [QUERY_ROWS][columns]
    float *sums;       // [QUERY_ROWS][width]
    float *scales;     // [QUERY_ROWS]
};

static long lay_out(const struct kerf_attention *s, float *start, struct memory *memory) {
    const long columns = columns_of(s), width = width_of(s);
    const long sizes[] = {columns * depth_of(s), summed_of(s, columns) * width, QUERY_ROWS * columns,
                          QUERY_ROWS * width, QUERY_ROWS};
    float *places[5];
    long offset = 0;
    for (int i = 0; i < 5; i++) {
        places[i] = start + offset;
        offset += round_up(sizes[i], KERF_LANES);
    }
    if (memory)
        *memory = (struct memory){(uint32_t *)places[0], (uint32_t *)places[1], places[2], places[3], places[4]};
    return offset;
}

size_t kerf_attention_forward_scratch(const struct kerf_attention *shape, int threads) {
    return (size_t)(lay_out(shape, NULL, NULL) * threads) * sizeof(float);
}

// cap tanh(scale score / cap), in place.
KERF_INLINE void soft_cap(float *scores, long hidden, long seen, float scale, float cap) {
    const float factor = scale / cap;
    kerf_vector v;
    for (long i = hidden / KERF_LANES * KERF_LANES; i < seen; i += KERF_LANES) {
        kerf_load(&v, scores + i, KERF_LANES);
        v = v * factor;
        kerf_vector_tanh(&v);
        v = v * cap;
        kerf_store(scores + i, &v, KERF_LANES);
    }
}

// The scores of one vector; -infinity for those before `hidden` and from `seen` on.
KERF_INLINE void load_seen(kerf_vector *v, const float *scores, long i, long hidden, long seen) {
    kerf_load_or(v, scores + i, kerf_step(i, seen), -INFINITY);
    if (hidden > i) {
        const kerf_vector lowest = (kerf_vector){} - INFINITY;
        kerf_lanes blind;
        lanes_below(&blind, hidden - i);
        kerf_select(v, &blind, &lowest, v);
    }
}

// Replaces the scores of a row by exp(scale (score - maximum)), in the format of the next product, and masked ones by
// 0. Returns scale * maximum + log(sum), and 1 / sum in `reciprocal`.
KERF_INLINE float soften(float *scores, long hidden, long seen, long columns, float scale, float cap,
                         enum kerf_format format, float *reciprocal) {
    kerf_vector greatest = (kerf_vector){} - INFINITY, sums = {}, v;
    if (cap > 0) {
        soft_cap(scores, hidden, seen, scale, cap);
        scale = 1;
    }
    for (long i = hidden / KERF_LANES * KERF_LANES; i < seen; i += KERF_LANES) {
        load_seen(&v, scores, i, hidden, seen);
        kerf_accumulate_maximum(&greatest, &v);
    }
    const float maximum = kerf_maximum(&greatest);
    for (long i = 0; i < columns; i += KERF_LANES) {
        if (i < seen && i + KERF_LANES > hidden) {
            load_seen(&v, scores, i, hidden, seen);
            v = (v - maximum) * scale;
            kerf_vector_exp(&v);
            sums += v;
        } else {
            v = (kerf_vector){};
        }
        // In bf16 a value is written behind the position where it was read, in pairs of columns for the next product.
        kerf_store_format(scores, i, &v, KERF_LANES, format);
    }
    const float sum = kerf_sum(&sums);
    *reciprocal = 1.0f / sum;
    return scale * maximum + logf(sum);
}

// Rows of scores: row r sees the columns before first + r + 1 and, with a window, only the last ones of them.
struct rows {
    float *scores;
    long rows, first, columns, window;
    float scale, cap;
    float *log_sum_exp, *reciprocals;
};

KERF_INLINE void soften_rows(const struct rows *a, long window, float cap, enum kerf_format format) {
    for (long r = 0; r < a->rows; r++) {
        const long seen = a->first + r + 1, hidden = window > 0 && seen > window ? seen - window : 0;
        a->log_sum_exp[r] = soften(a->scores + r * a->columns, hidden, seen, a->columns, a->scale, cap, format,
                                   a->reciprocals + r);
    }
}

KERF_CLONES static void soften_f32(const struct rows *a) { soften_rows(a, 0, 0, KERF_F32); }
KERF_CLONES static void soften_bf16(const struct rows *a) { soften_rows(a, 0, 0, KERF_BF16); }
KERF_CLONES static void soften_masked_f32(const struct rows *a) { soften_rows(a, a->window, a->cap, KERF_F32); }
KERF_CLONES static void soften_masked_bf16(const struct rows *a) { soften_rows(a, a->window, a->cap, KERF_BF16); }

static void soften_block(const struct kerf_attention *s, const struct rows *a) {
    if (is_plain(s)) (s->format == KERF_BF16 ? soften_bf16 : soften_f32)(a);
    else (s->format == KERF_BF16 ? soften_masked_bf16 : soften_masked_f32)(a);
}

struct forward {
    const struct kerf_attention *shape;
    const void *query, *key, *value;
    void *out;
    float *log_sum_exp, *scratch;
};

static void run_unit(const struct forward *a, const struct memory *m, struct unit unit) {
    const struct kerf_attention *s = a->shape;
    const long size = s->head_size, wide = s->heads * size, narrow = s->key_heads * size;
    const long depth = depth_of(s), width = width_of(s), pair = s->format == KERF_BF16 ? 2 : 1;
    const long padded = columns_of(s);
    kerf_attention_panels(s, row_of(s, a->key, narrow, unit.row, unit.key_head * size), narrow, s->sequence, padded,
                          m->keys);
    kerf_attention_summed(s, row_of(s, a->value, narrow, unit.row, unit.key_head * size), narrow, s->sequence, padded,
                          m->values);
    for (long head = unit.first_head; head < unit.last_head; head++) {
        float *log_sum_exp = a->log_sum_exp + (unit.row / s->sequence * s->heads + head) * s->sequence;
        for (long first = 0; first < s->sequence; first += QUERY_ROWS) {
            const long rows = least(s->sequence - first, QUERY_ROWS);
            // Keys before `begin` are outside every row's window.
            const long begin = first_panel(s, first), columns = round_up(first + rows, PANEL) - begin;
            const void *query = row_of(s, a->query, wide, unit.row + first, head * size);
            void *out = (void *)row_of(s, a->out, wide, unit.row + first, head * size);
            expect_write(s, out, wide, rows);
            for (long column = 0; column < columns; column += PANEL)
                tile_scores(s,
                            (struct kerf_tile_operands){.m = rows, .k = depth, .a = query, .a_row = wide / pair,
                                                        .a_column = 1, .b = m->keys + (begin + column) * depth,
                                                        .b_row = PANEL, .c = m->scores + column, .c_row = columns},
                            first + 1 - begin - column);
            soften_block(s, &(struct rows){m->scores, rows, first - begin, columns, s->window, s->scale, s->cap,
                                           log_sum_exp + first, m->scales});
            tile_weighted(s,
                          (struct kerf_tile_operands){.m = rows, .n = width, .k = columns, .a = m->scores,
                                                      .a_row = columns, .a_column = 1,
                                                      .b = m->values + begin / pair * width, .b_row = width,
                                                      .c = m->sums, .c_row = width},
                          first + 1 - begin);
            kerf_attention_write(s, rows, m->sums, m->scales, out, wide);
        }
    }
}

static void run(void *context, int thread, int threads) {
    const struct forward *a = context;
    struct memory memory;
    const long stride = lay_out(a->shape, a->scratch, NULL);
    lay_out(a->shape, a->scratch + thread * stride, &memory);
    const long units = a->shape->batch * a->shape->key_heads * a->shape->parts;
    if (a->shape->format == KERF_BF16) kerf_tile_bf16_begin();
    for (long unit = thread; unit < units; unit += threads)
        run_unit(a, &memory, kerf_attention_unit(a->shape, unit));
    if (a->shape->format == KERF_BF16) kerf_tile_bf16_end();
}

void kerf_attention_forward(int threads, const struct kerf_attention *shape, const void *query, const void *key,
                            const void *value, void *out, float *log_sum_exp, void *scratch) {
    struct forward arguments = {shape, query, key, value, out, log_sum_exp, scratch};
    kerf_parallel(threads, run, &arguments);
}
