#pragma once

#include "lanes.h"

// Lanes written as one value: two registers of AVX-512, so that one's latency hides behind the other, four of AVX2, eight
// of SSE2 or NEON. Vectors of the compiler, so that each clone gets its own instructions, and all targets the same code.
#pragma GCC diagnostic ignored "-Wpsabi"  // How they are handed over differs by target; here all is inlined.
typedef double packed __attribute__((vector_size(128)));
typedef int64_t packed_mask __attribute__((vector_size(128)));
enum { PACKED = LANES };

FLEET_INLINE packed all(double x) { return (packed){} + x; }

// a where the mask is set, else b; compilers see one blend in it.
FLEET_INLINE packed pick(packed_mask where, packed a, packed b) {
    return (packed)((where & (packed_mask)a) | (~where & (packed_mask)b));
}
FLEET_INLINE packed packed_least(packed a, packed b) { return pick(a < b, a, b); }
FLEET_INLINE packed packed_greatest(packed a, packed b) { return pick(a > b, a, b); }
FLEET_INLINE packed absolute(packed x) { return (packed)((packed_mask)x & INT64_MAX); }

FLEET_INLINE int any(packed_mask mask) {
    int64_t found = 0;
    for (int i = 0; i < PACKED; i++) found |= mask[i];
    return found != 0;
}

// Lanes that are not there repeat the last one.
FLEET_INLINE packed load_packed(const double *from, long at, long count) {
    packed x;
    if (count - at >= PACKED) memcpy(&x, from + at, sizeof x);
    else for (int i = 0; i < PACKED; i++) x[i] = from[at + i < count ? at + i : count - 1];
    return x;
}

FLEET_INLINE void store_packed(double *to, long at, long count, packed x) {
    if (count - at >= PACKED) memcpy(to + at, &x, sizeof x);
    else for (int i = 0; at + i < count; i++) to[at + i] = x[i];
}

// x^(-1/3) of positive normal numbers, without a division: a guess from a third of the exponent's and the mantissa's
// high bits, good to 3.5 %, and two steps of y (1 - h)^(-1/3), h = 1 - x y^3, by its series up to h^3, whose remainder
// goes as h^4: 1e-5, then below rounding.
FLEET_INLINE packed inverse_cbrt(packed x) {
    const packed_mask third = (((packed_mask)x >> 32) * INT64_C(0xaaaaaaab)) >> 33;
    packed y = (packed)((INT64_C(0x553ef0ff) - (third & INT64_C(0x7fffffff))) << 32);
    for (int step = 0; step < 2; step++) {
        const packed h = 1 - x * y * y * y;
        y += y * h * (1.0 / 3 + h * (2.0 / 9 + h * (14.0 / 81)));
    }
    return y;
}
