#include "attention.h"

long kerf_attention_parts(const struct kerf_attention *s, int threads) {
    const long group = s->heads / s->key_heads, units = s->batch * s->key_heads;
    for (long parts = 1; parts < group; parts++)
        if (group % parts == 0 && (units * parts % threads == 0 || units * parts >= 8 * threads)) return parts;
    return group;
}

struct unit kerf_attention_unit(const struct kerf_attention *s, long index) {
    const long part = index % s->parts, key = index / s->parts;
    const long group = s->heads / s->key_heads, share = group / s->parts;
    const long first = key % s->key_heads * group + part * share;
    return (struct unit){.row = key / s->key_heads * s->sequence,
                         .key_head = key % s->key_heads,
                         .first_head = first,
                         .last_head = first + share,
                         .part = part};
}

void kerf_attention_panels(const struct kerf_attention *s, const void *from, long stride, long rows, long padded,
                           uint32_t *panels) {
    const long depth = depth_of(s), source = s->format == KERF_BF16 ? stride / 2 : stride;
    for (long panel = 0; panel < padded; panel += PANEL) {
        uint32_t *to = panels + panel * depth;
        for (long r = 0; r < PANEL; r++) {
            const uint32_t *x = (const uint32_t *)from + (panel + r) * source;
            if (panel + r < rows)
                for (long d = 0; d < depth; d++) to[d * PANEL + r] = x[d];
            else
                for (long d = 0; d < depth; d++) to[d * PANEL + r] = 0;
        }
    }
}

KERF_CLONES static void sum_pairs(const uint16_t *from, long stride, long size, long rows, long padded, long width,
                                  uint32_t *to) {
    for (long r = 0; r < padded; r += 2) {
        const uint16_t *x = from + r * stride, *y = x + stride;
        uint32_t *pair = to + r / 2 * width;
        if (r + 1 < rows)
            for (long d = 0; d < size; d++) pair[d] = x[d] | (uint32_t)y[d] << 16;
        else if (r < rows)
            for (long d = 0; d < size; d++) pair[d] = x[d];
        else
            memset(pair, 0, (size_t)size * sizeof *pair);
        memset(pair + size, 0, (size_t)(width - size) * sizeof *pair);
    }
}

void kerf_attention_summed(const struct kerf_attention *s, const void *from, long stride, long rows, long padded,
                           uint32_t *to) {
    const long width = width_of(s), size = s->head_size;
    if (s->format == KERF_BF16) {
        sum_pairs(from, stride, size, rows, padded, width, to);
        return;
    }
    for (long r = 0; r < padded; r++) {
        const size_t bytes = r < rows ? (size_t)size * sizeof *to : 0;
        if (bytes) memcpy(to + r * width, (const float *)from + r * stride, bytes);
        memset((char *)(to + r * width) + bytes, 0, (size_t)width * sizeof *to - bytes);
    }
}

KERF_CLONES static void write_rows(enum kerf_format format, long size, long width, long rows, const float *sums,
                                   const float *scales, void *to, long stride) {
    kerf_vector v;
    for (long r = 0; r < rows; r++)
        for (long d = 0; d < size; d += KERF_LANES) {
            const long lanes = kerf_step(d, size);
            kerf_load(&v, sums + r * width + d, lanes);
            if (scales) v = v * scales[r];
            kerf_store_format(to, r * stride + d, &v, lanes, format);
        }
}

void kerf_attention_write(const struct kerf_attention *s, long rows, const float *sums, const float *scales, void *to,
                          long stride) {
    write_rows(s->format, s->head_size, width_of(s), rows, sums, scales, to, stride);
}
