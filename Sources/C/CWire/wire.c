#include "kerf_wire.h"

#include <string.h>

static const uint32_t infinity = 0x7f800000u;

static inline uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

void kerf_wire_bf16_encode(long count, const float *restrict x, uint16_t *restrict y) {
    for (long i = 0; i < count; i++) {
        const uint32_t bits = bits_of(x[i]);
        const uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
        // Rounding would carry a NaN with few bits into infinity; the quiet bit keeps it one.
        const uint32_t kept = (bits & 0x7fffffffu) > infinity ? bits | 0x400000u : rounded;
        y[i] = (uint16_t)(kept >> 16);
    }
}

void kerf_wire_bf16_decode(long count, const uint16_t *restrict x, float *restrict y) {
    for (long i = 0; i < count; i++) y[i] = float_of((uint32_t)x[i] << 16);
}

// The bits of the largest absolute value, which are ordered as the values are; infinity or more if any is not finite.
static uint32_t largest(long count, const float *x) {
    uint32_t most = 0;
    for (long i = 0; i < count; i++) {
        const uint32_t bits = bits_of(x[i]) & 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    return most;
}

long kerf_wire_int8_encode(long rows, long columns, const float *restrict x, float *restrict scales,
                           int8_t *restrict q) {
    // Adding 1.5 * 2^23 leaves the nearest integer in the lower bits of the sum, in the default rounding mode.
    const float shift = 0x1.8p23f;
    for (long row = 0; row < rows; row++, x += columns, q += columns) {
        const uint32_t most = largest(columns, x);
        if (most >= infinity) return row;
        const float peak = float_of(most) < 0x1p-100f ? 0.0f : float_of(most);
        const float factor = peak > 0.0f ? 127.0f / peak : 0.0f;
        scales[row] = peak / 127.0f;
        for (long i = 0; i < columns; i++) {
            q[i] = (int8_t)(bits_of(x[i] * factor + shift) - bits_of(shift));
        }
    }
    return -1;
}

long kerf_wire_int8_decode(long rows, long columns, const float *restrict scales, const int8_t *restrict q,
                           float *restrict x) {
    for (long row = 0; row < rows; row++, x += columns, q += columns) {
        const float scale = scales[row];
        // A negative scale, -0 included, has the sign bit set.
        if (bits_of(scale) >= infinity) return row;
        for (long i = 0; i < columns; i++) x[i] = (float)q[i] * scale;
    }
    return -1;
}
