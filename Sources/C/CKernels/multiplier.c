#include "panel_tile.h"
#include "parallel.h"
#include "tile_multiply.h"

#include <time.h>

// What multiply-add units sustain: no product can be faster. Operands stay in registers and the first level of cache. A
// processor may have bf16 pairs in its instruction set and take longer for them than for f32.

enum { REPEATS = 4096 };

// Multiplications and additions with CHAINS independent vectors of sums, more than the latency of one needs.
#define MULTIPLIER_LOOP(NAME, ATTRIBUTES, CHAINS, MULTIPLY_ADD)                               \
    ATTRIBUTES static void NAME(const float *operands, float *result) {                       \
        kerf_vector sums[CHAINS], v, total = {};                                              \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sums[i] = total;  \
        for (int repeat = 0; repeat < REPEATS; repeat++) {                                    \
            memcpy(&v, operands, sizeof v);                                                   \
            const float element = operands[KERF_LANES];                                       \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++)               \
                MULTIPLY_ADD(sums[i], element, v);                                            \
            /* The operands may have changed, as far as the compiler knows. */                \
            __asm__ volatile("" ::: "memory");                                                \
        }                                                                                     \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) total += sums[i]; \
        memcpy(result, &total, sizeof total);                                                 \
    }

struct multiplier {
    void (*loop)(const float *operands, float *result);
    double flops;  // of one call
};

MULTIPLIER_LOOP(plain_loop, , 6, TILE_FMA)
static const struct multiplier plain_multiplier = {plain_loop, 6.0 * 2 * KERF_LANES * REPEATS};

#if defined(__x86_64__)
MULTIPLIER_LOOP(avx2_loop, __attribute__((target("avx2,fma"))), 6, TILE_FMA)
MULTIPLIER_LOOP(avx512_loop, __attribute__((target("avx512f"))), 14, TILE_FMA)
MULTIPLIER_LOOP(avx512_pairs_loop, TILE_AVX512_BF16, 14, TILE_DOT_PAIR)
#endif

static const struct multiplier *multiplier(bool pairs) {
#if defined(__x86_64__)
    static const struct multiplier avx2 = {avx2_loop, 6.0 * 2 * KERF_LANES * REPEATS},
                                   avx512 = {avx512_loop, 14.0 * 2 * KERF_LANES * REPEATS},
                                   avx512_pairs = {avx512_pairs_loop, 14.0 * 4 * KERF_LANES * REPEATS};
    if (pairs) return __builtin_cpu_supports("avx512bf16") ? &avx512_pairs : NULL;
    if (__builtin_cpu_supports("avx512f")) return &avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
#endif
    return pairs ? NULL : &plain_multiplier;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

struct measurement {
    const struct multiplier *multiplier;
    double seconds;
    double *rates;  // of each thread
};

static void measure(void *context, int thread, int threads) {
    const struct measurement *measurement = context;
    (void)threads;
    float operands[2 * KERF_LANES], result[KERF_LANES];
    // Small normal numbers, as bf16 pairs too.
    for (int i = 0; i < 2 * KERF_LANES; i++) operands[i] = 0x1.006bp-20f;
    const double begin = now();
    double flops = 0, seconds = 0;
    do {
        measurement->multiplier->loop(operands, result);
        flops += measurement->multiplier->flops;
        seconds = now() - begin;
    } while (seconds <= 0 || seconds < measurement->seconds);
    measurement->rates[thread] = flops / seconds;
}

double kerf_multiplier_rate(int threads, bool pairs, double seconds) {
    double rates[4096] = {0}, sum = 0;
    struct measurement measurement = {multiplier(pairs), seconds, rates};
    if (!measurement.multiplier || threads < 1 || threads > 4096) return 0;
    kerf_parallel(threads, measure, &measurement);
    for (int thread = 0; thread < threads; thread++) sum += rates[thread];
    return sum;
}
