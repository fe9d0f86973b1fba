#pragma once

#include "lanes.h"

// ln x of positive normal numbers. x = 2^e m with sqrt(1/2) <= m < sqrt(2); ln m = 2 artanh s, s = (m - 1) / (m + 1),
// |s| < 0.1716, by its series up to s^21, whose remainder is below 1e-17.
FLEET_INLINE packed packed_log(packed x) {
    const uint64_t root = UINT64_C(0x3fe6a09e667f3bcd);
    const packed_bits shifted = (packed_bits)x + (UINT64_C(0x3ff0000000000000) - root);
    // The biased exponent as a double: in the low bits of 2^52.
    const packed e = (packed)(UINT64_C(0x4330000000000000) | (shifted >> 52)) - 0x1p52 - 1023;
    const packed m = (packed)((shifted & UINT64_C(0x000fffffffffffff)) + root);
    const packed s = (m - 1) / (m + 1), t = s * s;
    packed p = all(1.0 / 21);
    p = p * t + 1.0 / 19;
    p = p * t + 1.0 / 17;
    p = p * t + 1.0 / 15;
    p = p * t + 1.0 / 13;
    p = p * t + 1.0 / 11;
    p = p * t + 1.0 / 9;
    p = p * t + 1.0 / 7;
    p = p * t + 1.0 / 5;
    p = p * t + 1.0 / 3;
    return e * 0.693147180559945309417 + 2 * (s + s * t * p);
}

// e^x for |x| < 700. x = n ln 2 + r, |r| <= ln 2 / 2, ln 2 in two parts; e^r by its series up to r^13, remainder below
// 5e-18; 2^n by the exponent's bits.
FLEET_INLINE packed packed_exp(packed x) {
    const packed shifted = x * 1.44269504088896340736 + 0x1.8p52;
    const packed n = shifted - 0x1.8p52;
    const packed r = (x - n * 6.93147180369123816490e-1) - n * 1.90821492927058770002e-10;
    packed p = all(1.0 / 6227020800);
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    return (packed)((packed_bits)p + ((packed_bits)shifted << 52));
}

// cos(2 pi v) for 0 <= v <= 1, as 2 sin^2(pi (v - 1/2)) - 1; the sine by its series up to x^21, remainder below 2e-18.
FLEET_INLINE packed cosine_of_turn(packed v) {
    const packed x = 3.14159265358979323846 * (v - 0.5), t = x * x;
    packed p = all(1.0 / 51090942171709440000.0);
    p = p * t - 1.0 / 121645100408832000;
    p = p * t + 1.0 / 355687428096000;
    p = p * t - 1.0 / 1307674368000;
    p = p * t + 1.0 / 6227020800;
    p = p * t - 1.0 / 39916800;
    p = p * t + 1.0 / 362880;
    p = p * t - 1.0 / 5040;
    p = p * t + 1.0 / 120;
    p = p * t - 1.0 / 6;
    const packed sine = x + x * t * p;
    return 2 * sine * sine - 1;
}

// The cube root of positive normal numbers: a third of the exponent's and the mantissa's high bits, good to 5 bits, and
// three of Halley's steps, each of which triples them.
FLEET_INLINE packed packed_cbrt(packed x) {
    const packed_bits third = ((((packed_bits)x >> 32) * UINT64_C(0xaaaaaaab)) >> 33) + 715094163;
    packed y = (packed)(third << 32);
    for (int step = 0; step < 3; step++) {
        const packed cube = y * y * y;
        y = y * (cube + 2 * x) / (2 * cube + x);
    }
    return y;
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
