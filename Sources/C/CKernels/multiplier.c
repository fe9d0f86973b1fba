#include "panel_tile.h"
#include "parallel.h"
#include "vector.h"

#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

struct measurement {
    const struct kerf_instruction_set *set;
    struct kerf_multiplier multiplier;
    double seconds;
    double *rates;  // of each thread
};

static void measure(void *context, int thread, int threads) {
    const struct measurement *measurement = context;
    (void)threads;
    float operands[2 * KERF_LANES], result[KERF_LANES];
    // Small normal numbers, as bf16 pairs too.
    for (int i = 0; i < 2 * KERF_LANES; i++) operands[i] = 0x1.006bp-20f;
    if (measurement->set->begin) measurement->set->begin();
    const double begin = now();
    double flops = 0, seconds = 0;
    do {
        measurement->multiplier.loop(operands, result);
        flops += measurement->multiplier.flops;
        seconds = now() - begin;
    } while (seconds <= 0 || seconds < measurement->seconds);
    if (measurement->set->end) measurement->set->end();
    measurement->rates[thread] = flops / seconds;
}

double kerf_multiplier_rate(int threads, int instruction_set, bool pairs, double seconds) {
    double rates[4096] = {0}, sum = 0;
    const struct kerf_instruction_set *set = kerf_instruction_set(instruction_set);
    struct measurement measurement = {set, pairs ? set->bf16_multiplier : set->f32_multiplier, seconds, rates};
    if (!measurement.multiplier.loop || threads < 1 || threads > 4096) return 0;
    kerf_parallel(threads, measure, &measurement);
    for (int thread = 0; thread < threads; thread++) sum += rates[thread];
    return sum;
}
