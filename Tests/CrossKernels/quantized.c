#include "check.h"
#include "groups.h"

#include <math.h>
#include <string.h>

// Quantized weights, whose values are computed here one by one from the definitions of the blocks (ggml-common.h).

struct format {
    enum kerf_weight_format format;
    const char *name;
    long values, bytes;        // of a block
    int scales, scale_at[2];   // halves
};

static const struct format formats[] = {
    {KERF_WEIGHT_INT8, "int8", 0, 0, 0, {0}},
    {KERF_WEIGHT_Q8_0, "Q8_0", 32, 34, 1, {0}},
    {KERF_WEIGHT_Q4_0, "Q4_0", 32, 18, 1, {0}},
    {KERF_WEIGHT_Q4_1, "Q4_1", 32, 20, 2, {0, 2}},
    {KERF_WEIGHT_Q4_K, "Q4_K", 256, 144, 2, {0, 2}},
    {KERF_WEIGHT_Q6_K, "Q6_K", 256, 210, 1, {208}},
};

static long row_bytes(const struct format *f, long inputs) {
    return f->format == KERF_WEIGHT_INT8 ? inputs + 4 : inputs / f->values * f->bytes;
}

static double half(const uint8_t *at) {
    const int bits = at[0] | at[1] << 8, exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const double magnitude = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    return bits & 0x8000 ? -magnitude : magnitude;
}

// One value of a row of blocks.
static double value(const struct format *f, const uint8_t *row, long inputs, long index) {
    if (f->format == KERF_WEIGHT_INT8) {
        float scale;
        memcpy(&scale, row + inputs, sizeof scale);
        return (double)scale * (int8_t)row[index];
    }
    const uint8_t *b = row + index / f->values * f->bytes;
    const int i = (int)(index % f->values);
    const double d = half(b + f->scale_at[0]);
    switch (f->format) {
        case KERF_WEIGHT_Q8_0: return d * (int8_t)b[2 + i];
        case KERF_WEIGHT_Q4_0: return d * ((b[2 + i % 16] >> i / 16 * 4 & 15) - 8);
        case KERF_WEIGHT_Q4_1: return d * (b[4 + i % 16] >> i / 16 * 4 & 15) + half(b + 2);
        case KERF_WEIGHT_Q4_K: {
            const int group = i / 32, code = b[16 + i / 64 * 32 + i % 32] >> group % 2 * 4 & 15;
            const int scale = group < 4 ? b[4 + group] & 63 : (b[8 + group] & 15) | b[group] >> 6 << 4;
            const int minimum = group < 4 ? b[8 + group] & 63 : b[8 + group] >> 4 | b[4 + group] >> 6 << 4;
            return d * scale * code - half(b + 2) * minimum;
        }
        default: {
            const int in_half = i % 128, quarter = in_half / 32, j = in_half % 32;
            const int low = b[i / 128 * 64 + quarter % 2 * 32 + j] >> quarter / 2 * 4 & 15;
            const int high = b[128 + i / 128 * 32 + j] >> quarter * 2 & 3;
            return d * (int8_t)b[192 + i / 16] * ((low | high << 4) - 32);
        }
    }
}

// Rows of random blocks, whose scales are numbers of a common size, some of them subnormal, zero or negative.
static uint8_t *make_rows(const struct format *f, long outputs, long inputs) {
    const long bytes = row_bytes(f, inputs);
    uint8_t *rows = check_memory((size_t)(outputs * bytes));
    const float *numbers = check_values(outputs * bytes, 5);
    for (long i = 0; i < outputs * bytes; i++) rows[i] = (uint8_t)(int)((numbers[i] + 1) * 127.9f);
    static const uint16_t halves[] = {0x2000, 0x2abc, 0xa123, 0x0001, 0x03ff, 0x0000, 0x1fff, 0x8200};
    for (long row = 0; row < outputs; row++) {
        if (f->format == KERF_WEIGHT_INT8) {
            const float scale = 0.01f * (float)(row % 5 - 1);
            memcpy(rows + row * bytes + inputs, &scale, sizeof scale);
            continue;
        }
        for (long block = 0; block < inputs / f->values; block++)
            for (int i = 0; i < f->scales; i++)
                memcpy(rows + row * bytes + block * f->bytes + f->scale_at[i], &halves[(3 * row + 5 * block + i) % 8], 2);
    }
    return rows;
}

static void quantized(const struct format *f, long rows, long outputs, long inputs, enum kerf_format source, int set) {
    check_case("weight in %s, %ld x %ld, %ld rows in %s by %s", f->name, outputs, inputs, rows,
               check_format_name(source), kerf_instruction_set_name(set));
    const uint8_t *blocks = make_rows(f, outputs, inputs);
    void *packed = check_memory(kerf_frozen_weight_bytes(outputs, inputs, f->format));
    const long parts[] = {0, outputs / 3, outputs};
    for (int part = 0; part < 2; part++)
        kerf_frozen_pack_blocks(2, outputs, inputs, f->format, parts[part], parts[part + 1] - parts[part],
                                blocks + parts[part] * row_bytes(f, inputs), packed);
    double *weight = check_doubles(outputs * inputs);
    for (long row = 0; row < outputs; row++)
        for (long i = 0; i < inputs; i++)
            weight[row * inputs + i] = value(f, blocks + row * row_bytes(f, inputs), inputs, i);

    // Rows of an embedding are the values in f32, but for the rounding of a scale times a scale.
    float *row = check_floats(inputs);
    for (int32_t token = 0; token < outputs; token++) {
        kerf_frozen_gather(2, 1, outputs, inputs, f->format, packed, &token, row);
        check_close("row", inputs, row, weight + token * inputs, 3e-7);
        // What is multiplied with bf16 is rounded to it.
        if (source == KERF_BF16) check_stored(inputs, row, source);
        for (long i = 0; i < inputs; i++) weight[token * inputs + i] = row[i];
    }

    for (int forward = 0; forward <= 1; forward++) {
        const long inner = forward ? inputs : outputs, width = forward ? outputs : inputs;
        float *x = check_values(rows * inner, 6);
        const void *stored = check_stored(rows * inner, x, source);
        const struct kerf_frozen_product product = {rows, outputs, inputs, forward, source, KERF_F32, f->format, set};
        double *expected = check_doubles(rows * width);
        for (long r = 0; r < rows; r++)
            for (long i = 0; i < width; i++) {
                double sum = 0;
                for (long j = 0; j < inner; j++)
                    sum += x[r * inner + j] * (forward ? weight[i * inputs + j] : weight[j * inputs + i]);
                expected[r * width + i] = sum;
            }
        float *results[2];
        for (int i = 0; i < 2; i++) {
            const int threads = 1 + 2 * i;
            results[i] = check_floats(rows * width);
            kerf_frozen_run(threads, &product, stored, packed, NULL, results[i],
                            check_memory(kerf_frozen_scratch_bytes(threads, &product)));
        }
        check_close(forward ? "forward" : "backward", rows * width, results[0], expected, 3e-6);
        check_same("3 threads", (size_t)(rows * width) * sizeof(float), results[1], results[0]);
    }
}

void check_quantized(void) {
    for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++) {
        // Rows of 8 and of 9 blocks, or of 1 and 3 large ones; more outputs than a block has.
        const long unit = formats[i].values == 256 ? 256 : 32;
        quantized(&formats[i], 7, 70, unit == 256 ? 256 : 8 * unit, KERF_F32, 0);
        quantized(&formats[i], 67, 330, unit == 256 ? 768 : 9 * unit, KERF_BF16, 0);
        // Others unpack to pairs of bf16. More rows than a tile has, and several parts of a sum.
        for (int set = 1; set < kerf_instruction_set_count(); set++)
            if (kerf_instruction_set_has_pairs(set)) quantized(&formats[i], 18, 70, unit == 256 ? 768 : 9 * unit, KERF_BF16, set);
    }
    quantized(&formats[0], 3, 5, 77, KERF_F32, 0);
}
