#pragma once

#include "kerf_kernels.h"

#include <stdint.h>
#include <string.h>

// 16 lanes of f32, which the compiler maps to the clone's instruction set. Values are passed by pointer
// between the inlined functions, because a 64-byte vector in a register is not part of every clone's calling
// convention.
typedef float kerf_vector __attribute__((vector_size(64)));
typedef int32_t kerf_lanes __attribute__((vector_size(64)));
typedef uint32_t kerf_bits __attribute__((vector_size(64)));

typedef uint16_t kerf_halves __attribute__((vector_size(32)));

enum { KERF_LANES = 16 };

#define KERF_INLINE static inline __attribute__((always_inline))

// Number of lanes in the step that starts at `index` of `count`.
KERF_INLINE long kerf_step(long index, long count) {
    return count - index < KERF_LANES ? count - index : KERF_LANES;
}

// Loads `lanes` values and fills the others.
KERF_INLINE void kerf_load_or(kerf_vector *v, const float *from, long lanes, float filler) {
    if (lanes == KERF_LANES) {
        memcpy(v, from, sizeof *v);
    } else {
        *v = (kerf_vector){} + filler;
        memcpy(v, from, (size_t)lanes * sizeof(float));
    }
}

KERF_INLINE void kerf_load(kerf_vector *v, const float *from, long lanes) { kerf_load_or(v, from, lanes, 0.0f); }

KERF_INLINE void kerf_store(float *to, const kerf_vector *v, long lanes) {
    if (lanes == KERF_LANES) {
        memcpy(to, v, sizeof *v);
    } else {
        memcpy(to, v, (size_t)lanes * sizeof(float));
    }
}

// bf16 is the upper half of f32. Rounds to nearest, ties to even, in the upper halves of the lanes, whose lower halves
// become 0; a NaN stays one.
KERF_INLINE void kerf_round_bf16(kerf_bits *bits, const kerf_vector *v) {
    const kerf_bits b = (kerf_bits)*v;
    const kerf_bits rounded = b + 0x7fffu + ((b >> 16) & 1u);
    const kerf_bits nan = (kerf_bits)(*v != *v);
    *bits = ((rounded & ~nan) | ((b | 0x400000u) & nan)) & 0xffff0000u;
}

// Loads `lanes` values of a format from the element `index` on, and zeros for the others.
KERF_INLINE void kerf_load_format(kerf_vector *v, const void *from, long index, long lanes, enum kerf_format format) {
    if (format == KERF_F32) {
        kerf_load(v, (const float *)from + index, lanes);
        return;
    }
    kerf_halves halves = {};
    if (lanes == KERF_LANES) {
        memcpy(&halves, (const uint16_t *)from + index, sizeof halves);
    } else {
        memcpy(&halves, (const uint16_t *)from + index, (size_t)lanes * sizeof(uint16_t));
    }
    *v = (kerf_vector)(__builtin_convertvector(halves, kerf_bits) << 16);
}

KERF_INLINE void kerf_store_format(void *to, long index, const kerf_vector *v, long lanes, enum kerf_format format) {
    if (format == KERF_F32) {
        kerf_store((float *)to + index, v, lanes);
        return;
    }
    kerf_bits bits;
    kerf_round_bf16(&bits, v);
    const kerf_halves halves = __builtin_convertvector(bits >> 16, kerf_halves);
    if (lanes == KERF_LANES) {
        memcpy((uint16_t *)to + index, &halves, sizeof halves);
    } else {
        memcpy((uint16_t *)to + index, &halves, (size_t)lanes * sizeof(uint16_t));
    }
}

// Sum of the lanes, in the fixed order of a tree.
KERF_INLINE float kerf_sum(const kerf_vector *v) {
    float lane[KERF_LANES];
    memcpy(lane, v, sizeof lane);
    for (int width = KERF_LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lane[i] += lane[i + width];
    return lane[0];
}

KERF_INLINE float kerf_maximum(const kerf_vector *v) {
    float lane[KERF_LANES];
    memcpy(lane, v, sizeof lane);
    for (int width = KERF_LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lane[i] = lane[i] > lane[i + width] ? lane[i] : lane[i + width];
    return lane[0];
}

// Lanes of `a` where the mask is all ones, of `b` where it is 0.
KERF_INLINE void kerf_select(kerf_vector *result, const kerf_lanes *mask, const kerf_vector *a, const kerf_vector *b) {
    *result = (kerf_vector)(((kerf_lanes)*a & *mask) | ((kerf_lanes)*b & ~*mask));
}

KERF_INLINE void kerf_accumulate_maximum(kerf_vector *maximum, const kerf_vector *v) {
    const kerf_lanes greater = *v > *maximum;
    kerf_select(maximum, &greater, v, maximum);
}

// e^x in place. x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor series up to r^7, whose remainder is below
// 5.3e-9; 2^n by the exponent bits. n ln 2 is subtracted in two parts (Cody and Waite), the first exact.
KERF_INLINE void kerf_vector_exp(kerf_vector *v) {
    const kerf_vector lowest = (kerf_vector){} - 87.3f;
    const kerf_vector highest = (kerf_vector){} + 88.3f;
    const kerf_lanes below = *v < lowest;
    const kerf_lanes above = *v > highest;
    kerf_vector x;
    kerf_select(&x, &below, &lowest, v);
    kerf_select(&x, &above, &highest, &x);

    // Adding 1.5 * 2^23 rounds to the nearest whole number and leaves it in the low bits.
    const kerf_vector magic = (kerf_vector){} + 12582912.0f;
    const kerf_vector shifted = x * 1.44269504f + magic;
    const kerf_vector n = shifted - magic;
    kerf_vector r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;

    kerf_vector p = r * (1.0f / 5040) + (1.0f / 720);
    p = p * r + (1.0f / 120);
    p = p * r + (1.0f / 24);
    p = p * r + (1.0f / 6);
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;

    const kerf_bits exponent = ((kerf_bits)shifted - (kerf_bits)magic + 127u) << 23;
    const kerf_vector result = p * (kerf_vector)exponent;
    *v = (kerf_vector)((kerf_lanes)result & ~below);
}

// tanh x in place. Below 0.625 by the polynomial of Cephes' tanhf (S. Moshier), whose relative error is below 1e-7; above
// by 1 - 2 / (e^2x + 1), which is 1 from 9 on.
KERF_INLINE void kerf_vector_tanh(kerf_vector *v) {
    const kerf_vector x = *v, square = x * x;
    kerf_vector p = square * -5.70498872745e-3f + 2.06390887954e-2f;
    p = p * square - 5.37397155531e-2f;
    p = p * square + 1.33314422036e-1f;
    p = p * square - 3.33332819422e-1f;
    p = p * square * x + x;

    const kerf_bits sign = (kerf_bits)x & 0x80000000u;
    const kerf_vector magnitude = (kerf_vector)((kerf_bits)x & 0x7fffffffu);
    kerf_vector far = magnitude * 2.0f;
    kerf_vector_exp(&far);
    far = 1.0f - 2.0f / (far + 1.0f);
    far = (kerf_vector)((kerf_bits)far | sign);
    const kerf_lanes near = magnitude < 0.625f;
    kerf_select(v, &near, &p, &far);
}
