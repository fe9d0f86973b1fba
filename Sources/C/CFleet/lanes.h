#pragma once

#include <stdint.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(name) 0
#endif

// Compiles a function once for each instruction set that matters here; the program's loader picks one. For x86-64-v4
// compilers split vectors of 64 bytes in two unless they are asked not to: a processor may lower its frequency for a few
// wide instructions. These functions are long loops of nothing else. Under a sanitizer there is one instance, since the
// code that selects runs before the sanitizer's runtime is ready.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer)
#define FLEET_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), min_vector_width(512)))
#else
#define FLEET_CLONES
#endif

#define FLEET_INLINE static inline __attribute__((always_inline))

// LANES doubles as one value: two registers of AVX-512, so that the latency of one hides behind the other, four of AVX2,
// eight of SSE2 or NEON. Written as the compiler's vectors rather than as loops over arrays, so that each clone uses its
// instruction set at any optimization level.
#pragma GCC diagnostic ignored "-Wpsabi"  // How they are passed differs by target; here all is inlined.
enum { LANES = 16 };
typedef double packed __attribute__((vector_size(128)));
typedef int64_t packed_mask __attribute__((vector_size(128)));
typedef uint64_t packed_bits __attribute__((vector_size(128)));

FLEET_INLINE double least(double a, double b) { return a < b ? a : b; }
FLEET_INLINE double greatest(double a, double b) { return a > b ? a : b; }

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
    for (int i = 0; i < LANES; i++) found |= mask[i];
    return found != 0;
}

// Lanes that are not there repeat the last one.
FLEET_INLINE packed load_packed(const double *from, long at, long count) {
    packed x;
    if (count - at >= LANES) memcpy(&x, from + at, sizeof x);
    else for (int i = 0; i < LANES; i++) x[i] = from[at + i < count ? at + i : count - 1];
    return x;
}

FLEET_INLINE void store_packed(double *to, long at, long count, packed x) {
    if (count - at >= LANES) memcpy(to + at, &x, sizeof x);
    else for (int i = 0; at + i < count; i++) to[at + i] = x[i];
}

FLEET_INLINE packed_mask is_packed_span(packed low, packed high) {
    return high - low > 1e-12 * packed_greatest(absolute(low), absolute(high));
}
