#include "attention.h"
#include "transpose.h"

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

KERF_CLONES static void turn_panels(const uint32_t *from, long source, long depth, long rows, long padded,
                                    uint32_t *panels) {
    kerf_bits block[KERF_LANES];
    for (long r = 0; r < padded; r += KERF_LANES) {
        uint32_t *to = panels + r / PANEL * PANEL * depth + r % PANEL;
        for (long d = 0; d < depth; d += KERF_LANES) {
            const long lanes = kerf_step(d, depth);
            for (int i = 0; i < KERF_LANES; i++) {
                block[i] = (kerf_bits){};
                if (r + i < rows && lanes == KERF_LANES) memcpy(&block[i], from + (r + i) * source + d, sizeof block[i]);
                else if (r + i < rows) memcpy(&block[i], from + (r + i) * source + d, (size_t)lanes * sizeof *from);
            }
            kerf_transpose_square(block);
            for (int i = 0; i < lanes; i++) memcpy(to + (d + i) * PANEL, &block[i], sizeof block[i]);
        }
    }
}

void kerf_attention_panels(const struct kerf_attention *s, const void *from, long stride, long rows, long padded,
                           uint32_t *panels) {
    turn_panels(from, s->format == KERF_BF16 ? stride / 2 : stride, depth_of(s), rows, padded, panels);
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

KERF_INLINE void write_format(enum kerf_format format, long size, long width, long rows, const float *sums,
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

KERF_CLONES static void write_rows(enum kerf_format format, long size, long width, long rows, const float *sums,
                                   const float *scales, void *to, long stride) {
    if (format == KERF_BF16) write_format(KERF_BF16, size, width, rows, sums, scales, to, stride);
    else write_format(KERF_F32, size, width, rows, sums, scales, to, stride);
}

void kerf_attention_write(const struct kerf_attention *s, long rows, const float *sums, const float *scales, void *to,
                          long stride) {
    write_rows(s->format, s->head_size, width_of(s), rows, sums, scales, to, stride);
}

struct rotation {
    const float *cosine, *sine;  // of the first row's position
    long half;
};

KERF_CLONES static void write_rotated(enum kerf_format format, struct rotation rotation, long width, long rows,
                                      const float *sums, void *to, long stride) {
    kerf_vector a, b, c, s;
    const long half = rotation.half;
    for (long r = 0; r < rows; r++)
        for (long i = 0; i < half; i += KERF_LANES) {
            const long lanes = kerf_step(i, half);
            kerf_load(&c, rotation.cosine + r * half + i, lanes);
            kerf_load(&s, rotation.sine + r * half + i, lanes);
            kerf_load(&a, sums + r * width + i, lanes);
            kerf_load(&b, sums + r * width + half + i, lanes);
            const kerf_vector x = a * c + b * s;
            const kerf_vector y = b * c - a * s;
            kerf_store_format(to, r * stride + i, &x, lanes, format);
            kerf_store_format(to, r * stride + half + i, &y, lanes, format);
        }
}

void kerf_attention_write_back(const struct kerf_attention *s, long position, long rows, const float *sums, void *to,
                               long stride) {
    const long half = s->rotated / 2, rest = s->head_size - s->rotated;
    const struct rotation rotation = {s->cosine + position * half, s->sine + position * half, half};
    write_rotated(s->format, rotation, width_of(s), rows, sums, to, stride);
    if (rest > 0)
        write_rows(s->format, rest, width_of(s), rows, sums + s->rotated, NULL,
                   (void *)row_of(s, to, stride, 0, s->rotated), stride);
}
