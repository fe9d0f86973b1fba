#include "frozen_weight.h"

#include "parallel.h"
#include "vector.h"

// Scales of int8, after the units: one for each output, with padding.
static float *scales_at(const struct kerf_frozen_weight *w, long output) {
    const long outputs = kerf_round_up(w->outputs, KERF_PANEL);
    return (float *)((char *)w->packed + outputs * kerf_unit_count(w) * kerf_weight_unit(w->format).bytes) + output;
}

size_t kerf_frozen_weight_bytes(long outputs, long inputs, enum kerf_weight_format format) {
    const struct kerf_frozen_weight w = {outputs, inputs, format, NULL};
    const long units = kerf_round_up(outputs, KERF_PANEL) * kerf_unit_count(&w);
    const long scales = format == KERF_WEIGHT_INT8 ? kerf_round_up(outputs, KERF_PANEL) * 4 : 0;
    return (size_t)(units * kerf_weight_unit(format).bytes + scales);
}

// ---- Packing

struct packing {
    struct kerf_frozen_weight weight;
    long first, end;  // rows that are given
    const void *rows;
};

// Runs a packing for the given rows and, after the last of the weight, for its padding.
static void pack(int threads, struct packing packing, long count, kerf_rows body) {
    const long outputs = packing.weight.outputs;
    packing.end = packing.first + count;
    const long end = packing.end == outputs ? kerf_round_up(outputs, KERF_PANEL) : packing.end;
    kerf_for_rows(threads, end - packing.first, body, &packing);
}

KERF_INLINE void pack_rows(const struct packing *o, long begin, long end, enum kerf_format format) {
    const struct kerf_frozen_weight *w = &o->weight;
    const long panels = kerf_unit_count(w);
    kerf_vector v;
    for (long row = begin; row < end; row++)
        for (long panel = 0; panel < panels; panel++) {
            void *to = kerf_unit_at(w, o->first + row, panel);
            for (long i = 0; i < KERF_PANEL; i += KERF_LANES) {
                const long input = panel * KERF_PANEL + i;
                const long left = o->first + row < o->end ? w->inputs - input : 0;
                if (left > 0) kerf_load(&v, (const float *)o->rows + row * w->inputs + input, kerf_step(0, left));
                else v = (kerf_vector){};
                kerf_store_format(to, i, &v, KERF_LANES, format);
            }
        }
}
KERF_FORMATS(pack_rows)

void kerf_frozen_pack(int threads, long outputs, long inputs, enum kerf_weight_format format, long first, long count,
                      const float *rows, void *packed) {
    const struct packing packing = {
        .weight = {outputs, inputs, format, packed}, .first = first, .rows = rows};
    pack(threads, packing, count, pack_rows_of(format == KERF_WEIGHT_BF16 ? KERF_BF16 : KERF_F32));
}

// Bytes of the blocks of a row, without padding and int8's scale.
static long row_bytes(const struct kerf_frozen_weight *w) {
    const struct kerf_weight_unit unit = kerf_weight_unit(w->format);
    return w->inputs * unit.bytes / unit.inputs;
}

static void pack_blocks(const void *arguments, long begin, long end) {
    const struct packing *o = arguments;
    const struct kerf_frozen_weight *w = &o->weight;
    const long unit = kerf_weight_unit(w->format).bytes, units = kerf_unit_count(w), bytes = row_bytes(w);
    const bool has_scale = w->format == KERF_WEIGHT_INT8;
    for (long row = begin; row < end; row++) {
        const bool given = o->first + row < o->end;
        const char *from = (const char *)o->rows + row * (bytes + (has_scale ? 4 : 0));
        for (long index = 0; index < units; index++) {
            char *to = kerf_unit_at(w, o->first + row, index * (kerf_weight_unit(w->format).inputs / KERF_PANEL));
            const long count = given ? kerf_least(unit, bytes - index * unit) : 0;
            memcpy(to, from + index * unit, (size_t)count);
            memset(to + count, 0, (size_t)(unit - count));
        }
        if (!has_scale) continue;
        if (given) memcpy(scales_at(w, o->first + row), from + bytes, 4);
        else memset(scales_at(w, o->first + row), 0, 4);
    }
}

void kerf_frozen_pack_blocks(int threads, long outputs, long inputs, enum kerf_weight_format format, long first,
                             long count, const void *rows, void *packed) {
    const struct packing packing = {
        .weight = {outputs, inputs, format, packed}, .first = first, .rows = rows};
    pack(threads, packing, count, pack_blocks);
}

// ---- Unpacking. Values have the bits of ggml's dequantization: products and differences are rounded one by one.
#pragma clang fp contract(off)

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef int8_t signed_bytes16 __attribute__((vector_size(16)));

// IEEE 754 half precision, at 16 places `stride` bytes apart, of which `count` are there. No step has a subnormal f32,
// which may be flushed to zero: a subnormal half gets an exponent that is larger by one, and loses it by a subtraction.
KERF_INLINE void load_halves(kerf_vector *v, const char *from, long stride, long count) {
    uint16_t halves[KERF_LANES] = {};
    for (long i = 0; i < count; i++) memcpy(&halves[i], from + i * stride, sizeof halves[i]);
    kerf_halves loaded;
    memcpy(&loaded, halves, sizeof loaded);
    const kerf_bits half = __builtin_convertvector(loaded, kerf_bits);
    const kerf_bits shifted = (half & 0x7fffu) << 13, exponent = shifted & 0x0f800000u;
    const kerf_bits normal = shifted + (112u << 23), special = normal + (112u << 23);
    const kerf_vector smallest = (kerf_vector)((kerf_bits){} + (113u << 23));
    const kerf_bits subnormal = (kerf_bits)((kerf_vector)(normal + (1u << 23)) - smallest);
    const kerf_bits is_special = (kerf_bits)(exponent == 0x0f800000u), is_subnormal = (kerf_bits)(exponent == 0u);
    const kerf_bits magnitude =
        (special & is_special) | (subnormal & is_subnormal) | (normal & ~is_special & ~is_subnormal);
    *v = (kerf_vector)(magnitude | (half & 0x8000u) << 16);
}

KERF_INLINE void load_bytes(bytes16 *v, const char *from) { memcpy(v, from, sizeof *v); }

// y = step * code
KERF_INLINE void store_scaled(float *y, const kerf_lanes *code, float step) {
    const kerf_vector v = __builtin_convertvector(*code, kerf_vector) * step;
    memcpy(y, &v, sizeof v);
}

KERF_INLINE void store_signed(float *y, const char *from, float step) {
    signed_bytes16 bytes;
    memcpy(&bytes, from, sizeof bytes);
    const kerf_lanes code = __builtin_convertvector(bytes, kerf_lanes);
    store_scaled(y, &code, step);
}

// y = step * code + offset
KERF_INLINE void store_moved(float *y, const bytes16 *bytes, float step, float offset) {
    kerf_vector v = __builtin_convertvector(__builtin_convertvector(*bytes, kerf_lanes), kerf_vector) * step;
    v = v + offset;
    memcpy(y, &v, sizeof v);
}

KERF_CLONES static void unpack_bf16(const char *unit, long count, float *y) {
    kerf_vector v;
    for (long i = 0; i < count * KERF_PANEL; i += KERF_LANES) {
        kerf_load_format(&v, unit, i, KERF_LANES, KERF_BF16);
        memcpy(y + i, &v, sizeof v);
    }
}

KERF_CLONES static void unpack_int8(const char *unit, long count, const float *scales, float *y) {
    for (long row = 0; row < count; row++)
        for (long i = 0; i < KERF_PANEL; i += KERF_LANES)
            store_signed(y + row * KERF_PANEL + i, unit + row * KERF_PANEL + i, scales[row]);
}

// Blocks of 32 values with a scale d, and in Q4_1 a minimum: two of them are a panel's row.
KERF_INLINE void unpack_32(const char *block, long count, float *y, enum kerf_weight_format format) {
    const long bytes = format == KERF_WEIGHT_Q8_0 ? 34 : format == KERF_WEIGHT_Q4_0 ? 18 : 20;
    for (long first = 0; first < 2 * count; first += KERF_LANES) {
        kerf_vector scales, minima = {};
        const long blocks = kerf_step(first, 2 * count);
        load_halves(&scales, block, bytes, blocks);
        if (format == KERF_WEIGHT_Q4_1) load_halves(&minima, block + 2, bytes, blocks);
        float scale[KERF_LANES], minimum[KERF_LANES];
        memcpy(scale, &scales, sizeof scale);
        memcpy(minimum, &minima, sizeof minimum);
        for (long i = 0; i < blocks; i++, block += bytes, y += 32) {
            if (format == KERF_WEIGHT_Q8_0) {
                store_signed(y, block + 2, scale[i]);
                store_signed(y + 16, block + 18, scale[i]);
                continue;
            }
            bytes16 codes;
            load_bytes(&codes, block + bytes - 16);
            const bytes16 low = codes & 15, high = codes >> 4;
            if (format == KERF_WEIGHT_Q4_1) {
                store_moved(y, &low, scale[i], minimum[i]);
                store_moved(y + 16, &high, scale[i], minimum[i]);
                continue;
            }
            const kerf_lanes first_codes = __builtin_convertvector(low, kerf_lanes) - 8;
            const kerf_lanes second_codes = __builtin_convertvector(high, kerf_lanes) - 8;
            store_scaled(y, &first_codes, scale[i]);
            store_scaled(y + 16, &second_codes, scale[i]);
        }
    }
}
KERF_CLONES static void unpack_q8_0(const char *unit, long count, float *y) {
    unpack_32(unit, count, y, KERF_WEIGHT_Q8_0);
}
KERF_CLONES static void unpack_q4_0(const char *unit, long count, float *y) {
    unpack_32(unit, count, y, KERF_WEIGHT_Q4_0);
}
KERF_CLONES static void unpack_q4_1(const char *unit, long count, float *y) {
    unpack_32(unit, count, y, KERF_WEIGHT_Q4_1);
}

// The 6-bit scale and minimum of one of eight groups of Q4_K: those of groups 0-3 are in the low six bits of bytes 0-7;
// bytes 8-11 have the low four bits of groups 4-7, whose upper two bits are those of bytes 0-7.
KERF_INLINE void q4_k_scale(const uint8_t *packed, long group, float *scale, float *minimum) {
    if (group < 4) {
        *scale = (float)(packed[group] & 63);
        *minimum = (float)(packed[group + 4] & 63);
    } else {
        *scale = (float)((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4));
        *minimum = (float)((packed[group + 4] >> 4) | (packed[group] >> 6 << 4));
    }
}

// A quarter of a block is two groups of 32 values: the lower and the upper halves of 32 bytes.
KERF_CLONES static void unpack_q4_k(const char *unit, long quarter, long count, float *y) {
    const long bytes = 144;
    for (long first = 0; first < count; first += KERF_LANES) {
        kerf_vector scales, minima;
        const long rows = kerf_step(first, count);
        load_halves(&scales, unit, bytes, rows);
        load_halves(&minima, unit + 2, bytes, rows);
        float scale[KERF_LANES], minimum[KERF_LANES];
        memcpy(scale, &scales, sizeof scale);
        memcpy(minimum, &minima, sizeof minimum);
        for (long i = 0; i < rows; i++, unit += bytes, y += KERF_PANEL) {
            float steps[2], offsets[2];
            for (long group = 0; group < 2; group++) {
                q4_k_scale((const uint8_t *)unit + 4, 2 * quarter + group, &steps[group], &offsets[group]);
                steps[group] *= scale[i];
                offsets[group] *= -minimum[i];
            }
            for (long part = 0; part < 32; part += 16) {
                bytes16 codes;
                load_bytes(&codes, unit + 16 + 32 * quarter + part);
                const bytes16 low = codes & 15, high = codes >> 4;
                store_moved(y + part, &low, steps[0], offsets[0]);
                store_moved(y + 32 + part, &high, steps[1], offsets[1]);
            }
        }
    }
}

// A quarter of a block is 64 values: of one half of their lower bits' bytes, and two of the four pairs of upper bits.
KERF_CLONES static void unpack_q6_k(const char *unit, long quarter, long count, float *y) {
    const long bytes = 210, half = quarter / 2;
    const int low_shift = (int)(quarter % 2) * 4;
    for (long first = 0; first < count; first += KERF_LANES) {
        kerf_vector scales;
        const long rows = kerf_step(first, count);
        load_halves(&scales, unit + 208, bytes, rows);
        float scale[KERF_LANES];
        memcpy(scale, &scales, sizeof scale);
        for (long i = 0; i < rows; i++, unit += bytes, y += KERF_PANEL)
            for (long group = 0; group < 4; group++) {
                const int high_shift = (int)(quarter % 2 * 4 + group / 2 * 2);
                bytes16 low, high;
                load_bytes(&low, unit + 64 * half + 16 * group);
                load_bytes(&high, unit + 128 + 32 * half + group % 2 * 16);
                const bytes16 code = ((low >> low_shift) & 15) | ((high >> high_shift) & 3) << 4;
                const kerf_lanes codes = __builtin_convertvector(code, kerf_lanes) - 32;
                const float step = scale[i] * (float)(int8_t)unit[192 + 4 * quarter + group];
                store_scaled(y + 16 * group, &codes, step);
            }
    }
}

static void unpack_f32(const struct kerf_frozen_weight *w, long output, long count, long panel, float *y) {
    const char *unit = kerf_unit_at(w, output, panel);
    switch (w->format) {
        case KERF_WEIGHT_F32: break;
        case KERF_WEIGHT_BF16: unpack_bf16(unit, count, y); break;
        case KERF_WEIGHT_INT8: unpack_int8(unit, count, scales_at(w, output), y); break;
        case KERF_WEIGHT_Q8_0: unpack_q8_0(unit, count, y); break;
        case KERF_WEIGHT_Q4_0: unpack_q4_0(unit, count, y); break;
        case KERF_WEIGHT_Q4_1: unpack_q4_1(unit, count, y); break;
        case KERF_WEIGHT_Q4_K: unpack_q4_k(unit, panel % 4, count, y); break;
        case KERF_WEIGHT_Q6_K: unpack_q6_k(unit, panel % 4, count, y); break;
    }
}

// ---- bf16 from the values

KERF_CLONES static void round_rows(const float *rows, long count, float *y) {
    kerf_vector v;
    kerf_bits bits;
    for (long i = 0; i < count * KERF_PANEL; i += KERF_LANES) {
        memcpy(&v, rows + i, sizeof v);
        kerf_round_bf16(&bits, &v);
        memcpy(y + i, &bits, sizeof bits);
    }
}

KERF_CLONES static void narrow_rows(const float *rows, long count, uint16_t *y) {
    kerf_vector v;
    for (long i = 0; i < count * KERF_PANEL; i += KERF_LANES) {
        memcpy(&v, rows + i, sizeof v);
        kerf_store_format(y, i, &v, KERF_LANES, KERF_BF16);
    }
}

KERF_CLONES static void pair_rows(const float *rows, long count, uint32_t *y) {
    kerf_vector v;
    kerf_bits first, second;
    for (long row = 0; row < count; row += 2, rows += 2 * KERF_PANEL, y += KERF_PANEL)
        for (long i = 0; i < KERF_PANEL; i += KERF_LANES) {
            memcpy(&v, rows + i, sizeof v);
            kerf_round_bf16(&first, &v);
            memcpy(&v, rows + KERF_PANEL + i, sizeof v);
            kerf_round_bf16(&second, &v);
            const kerf_bits pairs = first >> 16 | second;
            memcpy(y + i, &pairs, sizeof pairs);
        }
}

// The same where the rows are bf16.
KERF_CLONES static void pair_narrow_rows(const uint16_t *rows, long count, uint32_t *y) {
    kerf_halves first, second;
    for (long row = 0; row < count; row += 2, rows += 2 * KERF_PANEL, y += KERF_PANEL)
        for (long i = 0; i < KERF_PANEL; i += KERF_LANES) {
            memcpy(&first, rows + i, sizeof first);
            memcpy(&second, rows + KERF_PANEL + i, sizeof second);
            const kerf_bits pairs =
                __builtin_convertvector(first, kerf_bits) | __builtin_convertvector(second, kerf_bits) << 16;
            memcpy(y + i, &pairs, sizeof pairs);
        }
}

void kerf_unpack(const struct kerf_frozen_weight *w, long output, long count, long panel, enum kerf_unpacked form,
                 void *y) {
    if (form == KERF_UNPACKED_F32) {
        unpack_f32(w, output, count, panel, y);
        return;
    }
    if (form == KERF_UNPACKED_PAIRS && w->format == KERF_WEIGHT_BF16) {
        pair_narrow_rows(kerf_unit_at(w, output, panel), count, y);
        return;
    }
    // So few rows that they stay in the first level of cache.
    enum { ROWS = 32 };
    float rows[ROWS * KERF_PANEL];
    for (long first = 0, some; first < count; first += some) {
        some = kerf_least(ROWS, count - first);
        unpack_f32(w, output + first, some, panel, rows);
        if (form == KERF_UNPACKED_ROUNDED) round_rows(rows, some, (float *)y + first * KERF_PANEL);
        else if (form == KERF_UNPACKED_BF16) narrow_rows(rows, some, (uint16_t *)y + first * KERF_PANEL);
        else pair_rows(rows, some, (uint32_t *)y + first / 2 * KERF_PANEL);
    }
}

// ---- Rows of an embedding

struct panel_gather {
    struct kerf_frozen_weight weight;
    const int32_t *tokens;
    float *y;
};

static void gather_panels(const void *arguments, long begin, long end) {
    const struct panel_gather *o = arguments;
    const struct kerf_frozen_weight *w = &o->weight;
    for (long row = begin; row < end; row++)
        for (long i = 0; i < w->inputs; i += KERF_PANEL) {
            float values[KERF_PANEL];
            const long token = o->tokens[row];
            const float *from = values;
            if (w->format == KERF_WEIGHT_F32) from = kerf_unit_at(w, token, i / KERF_PANEL);
            else unpack_f32(w, token, 1, i / KERF_PANEL, values);
            memcpy(o->y + row * w->inputs + i, from, (size_t)kerf_least(KERF_PANEL, w->inputs - i) * sizeof(float));
        }
}

void kerf_frozen_gather(int threads, long rows, long outputs, long inputs, enum kerf_weight_format format,
                        const void *packed, const int32_t *tokens, float *y) {
    const struct panel_gather arguments = {{outputs, inputs, format, packed}, tokens, y};
    kerf_for_rows(threads, rows, gather_panels, &arguments);
}
