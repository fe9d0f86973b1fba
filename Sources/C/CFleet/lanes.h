#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define FLEET_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FLEET_CLONES
#endif

#define FLEET_INLINE static inline __attribute__((always_inline))

// Lanes of one pass of an inner loop: two registers of AVX-512, four of AVX2. Loops over them have a fixed length and no
// branch, which the compiler turns into vector instructions of each clone's set.
enum { LANES = 16 };
#define FOR_LANES for (int i = 0; i < LANES; i++)

FLEET_INLINE uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

FLEET_INLINE double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

FLEET_INLINE double least(double a, double b) { return a < b ? a : b; }
FLEET_INLINE double greatest(double a, double b) { return a > b ? a : b; }

// ln x of a positive normal number. x = 2^e m with sqrt(1/2) <= m < sqrt(2); ln m = 2 artanh s, s = (m - 1) / (m + 1),
// |s| < 0.1716, by its series up to s^21, whose remainder is below 1e-17.
FLEET_INLINE double fast_log(double x) {
    const uint64_t root = UINT64_C(0x3fe6a09e667f3bcd);
    const uint64_t shifted = bits_of(x) + (UINT64_C(0x3ff0000000000000) - root);
    // The biased exponent as a double: in the low bits of 2^52.
    const double e = double_of(UINT64_C(0x4330000000000000) | (shifted >> 52)) - 0x1p52 - 1023;
    const double m = double_of((shifted & UINT64_C(0x000fffffffffffff)) + root);
    const double s = (m - 1) / (m + 1), t = s * s;
    double p = 1.0 / 21;
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
FLEET_INLINE double fast_exp(double x) {
    const double shifted = x * 1.44269504088896340736 + 0x1.8p52;
    const double n = shifted - 0x1.8p52;
    const double r = (x - n * 6.93147180369123816490e-1) - n * 1.90821492927058770002e-10;
    double p = 1.0 / 6227020800;
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
    return double_of(bits_of(p) + (bits_of(shifted) << 52));
}

// cos(2 pi v) for 0 <= v <= 1, as 2 sin^2(pi (v - 1/2)) - 1; the sine by its series up to x^21, remainder below 2e-18.
FLEET_INLINE double cosine_of_turn(double v) {
    const double x = 3.14159265358979323846 * (v - 0.5), t = x * x;
    double p = 1.0 / 51090942171709440000.0;
    p = p * t - 1.0 / 121645100408832000;
    p = p * t + 1.0 / 355687428096000;
    p = p * t - 1.0 / 1307674368000;
    p = p * t + 1.0 / 6227020800;
    p = p * t - 1.0 / 39916800;
    p = p * t + 1.0 / 362880;
    p = p * t - 1.0 / 5040;
    p = p * t + 1.0 / 120;
    p = p * t - 1.0 / 6;
    const double sine = x + x * t * p;
    return 2 * sine * sine - 1;
}

// The cube root of a positive normal number: a third of the exponent's and the mantissa's high bits, good to 5 bits, and
// three of Halley's steps, each tripling them.
FLEET_INLINE double fast_cbrt(double x) {
    const uint64_t third = (((bits_of(x) >> 32) * UINT64_C(0xaaaaaaab)) >> 33) + 715094163;
    double y = double_of(third << 32);
    for (int step = 0; step < 3; step++) {
        const double cube = y * y * y;
        y = y * (cube + 2 * x) / (2 * cube + x);
    }
    return y;
}
