#include "attention.h"

// A thread's scratch memory, in 32-bit elements.
struct memory {
    uint32_t *keys, *values;              // panels of their transposes
    uint32_t *keys_summed;                // the keys, stored for a sum over rows
    uint32_t *query_summed, *out_summed;  // a block of queries and of the output's gradient, likewise
    float *key_sums, *value_sums;         // [columns][width]: gradients of the unit's keys and values
    float *scores, *gradients;            // [QUERY_ROWS][KEY_BLOCK]
    uint32_t *scores_summed, *gradients_summed;  // scores and gradients with rows in pairs; in f32 the same memory
    float *query_sums;                    // [QUERY_ROWS][width]
    float *dots;                          // [QUERY_ROWS]
};

static long lay_out(const struct kerf_attention *s, float *start, struct memory *memory) {
    const long columns = columns_of(s), width = width_of(s), depth = depth_of(s);
    const long block = QUERY_ROWS * KEY_BLOCK, pairs = s->format == KERF_BF16 ? block / 2 : 0;
    const long sizes[] = {columns * depth, columns * depth, summed_of(s, columns) * width,
                          summed_of(s, QUERY_ROWS) * width, summed_of(s, QUERY_ROWS) * width,
                          columns * width, columns * width, block, block, pairs, pairs, QUERY_ROWS * width, QUERY_ROWS};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    float *places[COUNT];
    long offset = 0;
    for (int i = 0; i < COUNT; i++) {
        places[i] = start + offset;
        offset += round_up(sizes[i], KERF_LANES);
    }
    if (memory)
        *memory = (struct memory){
            (uint32_t *)places[0], (uint32_t *)places[1], (uint32_t *)places[2], (uint32_t *)places[3],
            (uint32_t *)places[4], places[5], places[6], places[7], places[8],
            (uint32_t *)places[pairs ? 9 : 7], (uint32_t *)places[pairs ? 10 : 8], places[11], places[12]};
    return offset;
}

size_t kerf_attention_backward_scratch(const struct kerf_attention *shape, int threads) {
    return (size_t)(lay_out(shape, NULL, NULL) * threads) * sizeof(float);
}

// For one vector of a row: probabilities p = exp(scale score - log_sum_exp), and scale p (dp - dot). Both are 0 in the
// lanes before `hidden` and from `seen` on. With a cap the scaled score is cap tanh(scale score / cap), and the gradient
// has the factor of its slope, 1 - tanh^2.
KERF_INLINE void differentiate(kerf_vector *p, kerf_vector *g, long hidden, long seen, float scale, float cap,
                               float log_sum_exp, float dot) {
    const kerf_vector zero = {};
    kerf_vector tangent = {};
    if (cap > 0) {
        tangent = *p * (scale / cap);
        kerf_vector_tanh(&tangent);
        *p = tangent * cap - log_sum_exp;
    } else {
        *p = *p * scale - log_sum_exp;
    }
    kerf_vector_exp(p);
    *g = *p * (*g - dot) * scale;
    if (cap > 0) *g = *g * (1.0f - tangent * tangent);
    kerf_lanes mask;
    if (seen < KERF_LANES) {
        lanes_below(&mask, seen);
        kerf_select(p, &mask, p, &zero);
        kerf_select(g, &mask, g, &zero);
    }
    if (hidden > 0) {
        lanes_below(&mask, hidden);
        kerf_select(p, &mask, &zero, p);
        kerf_select(g, &mask, &zero, g);
    }
}

// A block of rows of scores: row r sees the columns before first + r + 1 and, with a window, only the last ones of them.
struct block {
    const struct memory *memory;
    long rows, columns, first, window;
    float scale, cap;
    const float *log_sum_exp;
};

// How many of a vector's columns, from `column` on, come before the first that row r sees.
KERF_INLINE long hidden_of(const struct block *a, long window, long r, long column) {
    return window > 0 ? a->first + r + 1 - window - column : 0;
}

KERF_INLINE void differentiate_each(const struct block *a, long window, float cap) {
    const struct memory *m = a->memory;
    kerf_vector p, g;
    for (long r = 0; r < a->rows; r++)
        for (long i = 0; i < a->columns; i += KERF_LANES) {
            kerf_load(&p, m->scores + r * KEY_BLOCK + i, KERF_LANES);
            kerf_load(&g, m->gradients + r * KEY_BLOCK + i, KERF_LANES);
            differentiate(&p, &g, hidden_of(a, window, r, i), a->first + r + 1 - i, a->scale, cap, a->log_sum_exp[r],
                          m->dots[r]);
            kerf_store(m->scores + r * KEY_BLOCK + i, &p, KERF_LANES);
            kerf_store(m->gradients + r * KEY_BLOCK + i, &g, KERF_LANES);
        }
}

// Writes the gradients in pairs of columns, in place, and both in pairs of rows.
KERF_INLINE void differentiate_pairs(const struct block *a, long window, float cap) {
    const struct memory *m = a->memory;
    for (long r = 0; r < a->rows; r += 2)
        for (long i = 0; i < a->columns; i += KERF_LANES) {
            kerf_vector p[2] = {}, g[2] = {};
            kerf_bits p_bits[2] = {}, g_bits[2] = {};
            for (long j = 0; j < 2 && r + j < a->rows; j++) {
                const long row = (r + j) * KEY_BLOCK;
                kerf_load(&p[j], m->scores + row + i, KERF_LANES);
                kerf_load(&g[j], m->gradients + row + i, KERF_LANES);
                differentiate(&p[j], &g[j], hidden_of(a, window, r + j, i), a->first + r + j + 1 - i, a->scale, cap,
                              a->log_sum_exp[r + j], m->dots[r + j]);
                kerf_round_bf16(&p_bits[j], &p[j]);
                kerf_round_bf16(&g_bits[j], &g[j]);
                kerf_store_format(m->gradients + row, i, &g[j], KERF_LANES, KERF_BF16);
            }
            const kerf_bits p_pair = p_bits[0] >> 16 | p_bits[1], g_pair = g_bits[0] >> 16 | g_bits[1];
            memcpy(m->scores_summed + r / 2 * KEY_BLOCK + i, &p_pair, sizeof p_pair);
            memcpy(m->gradients_summed + r / 2 * KEY_BLOCK + i, &g_pair, sizeof g_pair);
        }
}

KERF_CLONES static void differentiate_f32(const struct block *a) { differentiate_each(a, 0, 0); }
KERF_CLONES static void differentiate_bf16(const struct block *a) { differentiate_pairs(a, 0, 0); }
KERF_CLONES static void differentiate_masked_f32(const struct block *a) { differentiate_each(a, a->window, a->cap); }
KERF_CLONES static void differentiate_masked_bf16(const struct block *a) { differentiate_pairs(a, a->window, a->cap); }

static void differentiate_block(const struct kerf_attention *s, const struct block *a) {
    if (is_plain(s)) (s->format == KERF_BF16 ? differentiate_bf16 : differentiate_f32)(a);
    else (s->format == KERF_BF16 ? differentiate_masked_bf16 : differentiate_masked_f32)(a);
}

KERF_CLONES static void row_dots(enum kerf_format format, long rows, long size, const void *a, const void *b,
                                 long stride, float *dots) {
    for (long r = 0; r < rows; r++) {
        kerf_vector sums = {}, v, w;
        for (long i = 0; i < size; i += KERF_LANES) {
            const long lanes = kerf_step(i, size);
            kerf_load_format(&v, a, r * stride + i, lanes, format);
            kerf_load_format(&w, b, r * stride + i, lanes, format);
            sums += v * w;
        }
        dots[r] = kerf_sum(&sums);
    }
}

struct backward {
    const struct kerf_attention *shape;
    const void *query, *key, *value, *out, *out_gradient;
    const float *log_sum_exp;
    void *query_gradient;
    // In the shape's format, or f32 sums of each part, which are summed at the end.
    void *key_gradient, *value_gradient;
    float *key_parts, *value_parts;
    float *scratch;
};

// sums[columns, width] += scores' x: contributions of a block of rows to their keys. Key c is masked in the rows before
// c + 1 - seen; those rows are zeros and are skipped in pairs.
static void sum_over_rows(const struct kerf_attention *s, long rows, long columns, long seen, const uint32_t *scores,
                          const uint32_t *x, float *sums) {
    const long width = width_of(s), all = summed_of(s, rows), pair = s->format == KERF_BF16 ? 2 : 1;
    const long group = group_rows(s), step = sum_step(s);
    for (long column = 0; column < columns;) {
        const long blind = column + 1 - seen;
        const long skipped = blind > 0 ? blind / pair / step * step : 0;
        // Columns that are not masked in any row are processed together.
        const long count = blind <= 0 ? least(columns, round_up(seen, group)) - column
                                      : least(columns - column, group);
        tile(s, (struct kerf_tile_operands){.m = count, .n = width, .k = all - skipped,
                                            .a = scores + skipped * KEY_BLOCK + column, .a_row = 1,
                                            .a_column = KEY_BLOCK, .b = x + skipped * width, .b_row = width,
                                            .c = sums + column * width, .c_row = width, .adding = true});
        column += count;
    }
}

// One block of query rows of one head, with all its keys that are not masked. With P the probabilities, dO the output's
// gradient and dS = scale P (dO V' - rowsum(O dO)):  dV += P' dO;  dK += dS' Q;  dQ = dS K.
static void run_rows(const struct backward *a, const struct memory *m, struct unit unit, long head, long first) {
    const struct kerf_attention *s = a->shape;
    const long size = s->head_size, wide = s->heads * size;
    const long depth = depth_of(s), width = width_of(s), pair = s->format == KERF_BF16 ? 2 : 1;
    const long rows = least(s->sequence - first, QUERY_ROWS);
    const long place = unit.row + first;
    const void *query = row_of(s, a->query, wide, place, head * size);
    const void *out_gradient = row_of(s, a->out_gradient, wide, place, head * size);
    const float *log_sum_exp = a->log_sum_exp + (unit.row / s->sequence * s->heads + head) * s->sequence + first;

    void *query_gradient = (void *)row_of(s, a->query_gradient, wide, place, head * size);
    expect_write(s, query_gradient, wide, rows);
    row_dots(s->format, rows, size, row_of(s, a->out, wide, place, head * size), out_gradient, wide, m->dots);
    kerf_attention_summed(s, query, wide, rows, rows, m->query_summed);
    kerf_attention_summed(s, out_gradient, wide, rows, rows, m->out_summed);

    // Keys before `begin` are outside every row's window.
    const long begin = first_panel(s, first);
    for (long block = begin; block < first + rows; block += KEY_BLOCK) {
        // The block's first `seen + r` columns are not masked in row r.
        const long left = first + rows - block, seen = first + 1 - block;
        const long columns = left < KEY_BLOCK ? round_up(left, PANEL) : KEY_BLOCK;
        for (long column = 0; column < columns; column += PANEL) {
            const long panel = (block + column) * depth;
            tile_scores(s,
                        (struct kerf_tile_operands){.m = rows, .k = depth, .a = query, .a_row = wide / pair,
                                                    .a_column = 1, .b = m->keys + panel, .b_row = PANEL,
                                                    .c = m->scores + column, .c_row = KEY_BLOCK},
                        seen - column);
            tile_scores(s,
                        (struct kerf_tile_operands){.m = rows, .k = depth, .a = out_gradient, .a_row = wide / pair,
                                                    .a_column = 1, .b = m->values + panel, .b_row = PANEL,
                                                    .c = m->gradients + column, .c_row = KEY_BLOCK},
                        seen - column);
        }
        differentiate_block(s, &(struct block){m, rows, columns, seen - 1, s->window, s->scale, s->cap, log_sum_exp});
        sum_over_rows(s, rows, least(left, columns), seen, m->scores_summed, m->out_summed,
                      m->value_sums + block * width);
        sum_over_rows(s, rows, least(left, columns), seen, m->gradients_summed, m->query_summed,
                      m->key_sums + block * width);
        tile_weighted(s,
                      (struct kerf_tile_operands){.m = rows, .n = width, .k = columns, .a = m->gradients,
                                                  .a_row = KEY_BLOCK, .a_column = 1,
                                                  .b = m->keys_summed + block / pair * width, .b_row = width,
                                                  .c = m->query_sums, .c_row = width, .adding = block > begin},
                      seen);
    }
    kerf_attention_write_back(s, first, rows, m->query_sums, query_gradient, wide);
}

static void run_unit(const struct backward *a, const struct memory *m, struct unit unit) {
    const struct kerf_attention *s = a->shape;
    const long size = s->head_size, narrow = s->key_heads * size, columns = columns_of(s), width = width_of(s);
    const void *key = row_of(s, a->key, narrow, unit.row, unit.key_head * size);
    const void *value = row_of(s, a->value, narrow, unit.row, unit.key_head * size);
    kerf_attention_panels(s, key, narrow, s->sequence, columns, m->keys);
    kerf_attention_panels(s, value, narrow, s->sequence, columns, m->values);
    kerf_attention_summed(s, key, narrow, s->sequence, columns, m->keys_summed);
    memset(m->key_sums, 0, (size_t)(columns * width) * sizeof(float));
    memset(m->value_sums, 0, (size_t)(columns * width) * sizeof(float));
    for (long head = unit.first_head; head < unit.last_head; head++)
        for (long first = 0; first < s->sequence; first += QUERY_ROWS) run_rows(a, m, unit, head, first);

    if (s->parts == 1) {
        kerf_attention_write_back(s, 0, s->sequence, m->key_sums,
                                  (void *)row_of(s, a->key_gradient, narrow, unit.row, unit.key_head * size), narrow);
        kerf_attention_write(s, s->sequence, m->value_sums, NULL,
                             (void *)row_of(s, a->value_gradient, narrow, unit.row, unit.key_head * size), narrow);
        return;
    }
    const struct kerf_attention f32 = {
        .format = KERF_F32, .head_size = size, .cosine = s->cosine, .sine = s->sine, .rotated = s->rotated};
    const long offset = unit.row * narrow * s->parts + (unit.key_head * s->parts + unit.part) * size;
    kerf_attention_write_back(&f32, 0, s->sequence, m->key_sums, a->key_parts + offset, narrow * s->parts);
    kerf_attention_write(&f32, s->sequence, m->value_sums, NULL, a->value_parts + offset, narrow * s->parts);
}

static void run(void *context, int thread, int threads) {
    const struct backward *a = context;
    struct memory memory;
    const long stride = lay_out(a->shape, a->scratch, NULL);
    lay_out(a->shape, a->scratch + thread * stride, &memory);
    const long units = a->shape->batch * a->shape->key_heads * a->shape->parts;
    if (a->shape->format == KERF_BF16) kerf_tile_bf16_begin();
    for (long unit = thread; unit < units; unit += threads)
        run_unit(a, &memory, kerf_attention_unit(a->shape, unit));
    if (a->shape->format == KERF_BF16) kerf_tile_bf16_end();
}

void kerf_attention_backward(int threads, const struct kerf_attention *shape, const void *query, const void *key,
                             const void *value, const void *out, const float *log_sum_exp, const void *out_gradient,
                             void *query_gradient, void *key_gradient, void *value_gradient, float *key_parts,
                             float *value_parts, void *scratch) {
    struct backward arguments = {shape, query, key, value, out, out_gradient, log_sum_exp, query_gradient,
                                 key_gradient, value_gradient, key_parts, value_parts, scratch};
    kerf_parallel(threads, run, &arguments);
    if (shape->parts == 1) return;
    const long tokens = shape->batch * shape->sequence;
    kerf_sum_groups(threads, tokens, shape->key_heads, shape->parts, shape->head_size, key_parts, shape->format,
                    key_gradient);
    kerf_sum_groups(threads, tokens, shape->key_heads, shape->parts, shape->head_size, value_parts, shape->format,
                    value_gradient);
}
