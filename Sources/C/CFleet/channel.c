#include "kerf_fleet.h"
#include "packed_math.h"

// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) over a counter.
FLEET_INLINE packed uniform(uint64_t key, packed_bits counter) {
    packed_bits mixed = key + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    // 52 bits behind 1, and half of the last of them, so that neither 0 nor 1 comes.
    return (packed)(UINT64_C(0x3ff0000000000000) | (mixed >> 12)) - 1 + 0x1p-53;
}

// The body of each kernel is a function of its own: a clone cannot pass vectors to a function that is compiled for
// another instruction set, even if that is inlined.
FLEET_INLINE void uniform_body(uint64_t key, uint64_t first, long count, double *out) {
    const packed_bits lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (long at = 0; at < count; at += LANES)
        store_packed(out, at, count, uniform(key, first + (uint64_t)at + lane));
}

FLEET_CLONES void kerf_fleet_uniform(uint64_t key, uint64_t first, long count, double *out) {
    uniform_body(key, first, count, out);
}

FLEET_INLINE void rayleigh(const double *u, long count, double *gain) {
    for (long at = 0; at < count; at += LANES)
        store_packed(gain, at, count, -packed_log(load_packed(u, at, count)));
}

// |sqrt(k / (k + 1)) + n|^2, n complex normal of variance 1 / (k + 1): amplitude by Box and Muller, angle uniform.
FLEET_INLINE void rician(double k, const double *u, const double *v, long count, double *gain) {
    const double line = k / (k + 1), scattered = 1 / (k + 1), both = 2 * __builtin_elementwise_sqrt(line * scattered);
    for (long at = 0; at < count; at += LANES) {
        const packed power = -packed_log(load_packed(u, at, count));
        const packed cosine = cosine_of_turn(load_packed(v, at, count));
        // sqrt() may set errno, so it would be called lane by lane.
        const packed amplitude = both * __builtin_elementwise_sqrt(power);
        store_packed(gain, at, count, line + scattered * power + amplitude * cosine);
    }
}

FLEET_CLONES void kerf_fleet_fading(double k, const double *u, const double *v, long count, double *gain) {
    if (k <= 0) rayleigh(u, count, gain);
    else rician(k, u, v, count, gain);
}

struct rate {
    double bandwidth, gap, floor;
    long levels;
    const double *efficiencies;
};

FLEET_INLINE void seconds_per_bit(const struct rate *rate, const double *mean, const double *gain, const double *state,
                                  long count, double *out) {
    const double inverse = 1 / rate->gap;
    for (long at = 0; at < count; at += LANES) {
        const packed ratio =
            load_packed(mean, at, count) * load_packed(gain, at, count) * load_packed(state, at, count) * inverse;
        packed efficiency = packed_log(1 + ratio) * 1.44269504088896340736;
        if (rate->levels > 0) {
            packed reached = {};
            for (long level = 0; level < rate->levels; level++) {
                const packed step = all(rate->efficiencies[level]);
                reached = pick(efficiency >= step, step, reached);
            }
            efficiency = reached;
        }
        store_packed(out, at, count, 1 / packed_greatest(rate->bandwidth * efficiency, all(rate->floor)));
    }
}

FLEET_CLONES void kerf_fleet_seconds_per_bit(double bandwidth, double gap, double floor, long levels,
                                             const double *efficiencies, const double *mean, const double *gain,
                                             const double *state, long count, double *out) {
    const struct rate rate = {bandwidth, gap, floor, levels, efficiencies};
    seconds_per_bit(&rate, mean, gain, state, count, out);
}

FLEET_INLINE void path(double constant, double exponent, const double *squared, long count, double *mean) {
    for (long at = 0; at < count; at += LANES) {
        const packed log = packed_log(load_packed(squared, at, count));
        store_packed(mean, at, count, constant * packed_exp(-0.5 * exponent * log));
    }
}

FLEET_CLONES void kerf_fleet_path(double constant, double exponent, const double *squared, long count, double *mean) {
    path(constant, exponent, squared, count, mean);
}
