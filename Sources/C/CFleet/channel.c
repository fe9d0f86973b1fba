#include "kerf_fleet.h"
#include "lanes.h"

// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) over a counter.
FLEET_INLINE double uniform(uint64_t key, uint64_t counter) {
    uint64_t mixed = key + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    // 52 bits behind 1, and half of the last of them, so that neither 0 nor 1 comes.
    return double_of(UINT64_C(0x3ff0000000000000) | (mixed >> 12)) - 1 + 0x1p-53;
}

FLEET_CLONES void kerf_fleet_uniform(uint64_t key, uint64_t first, long count, double *out) {
    for (long i = 0; i < count; i++) out[i] = uniform(key, first + (uint64_t)i);
}

// |sqrt(k / (k + 1)) + n|^2, n complex normal of variance 1 / (k + 1): amplitude by Box and Muller, angle uniform.
FLEET_CLONES void kerf_fleet_fading(double k, const double *u, const double *v, long count, double *gain) {
    if (k <= 0) {
        for (long i = 0; i < count; i++) gain[i] = -fast_log(u[i]);
        return;
    }
    const double line = k / (k + 1), scattered = 1 / (k + 1), both = 2 * __builtin_sqrt(line * scattered);
    for (long i = 0; i < count; i++) {
        const double power = -fast_log(u[i]);
        gain[i] = line + scattered * power + both * __builtin_sqrt(power) * cosine_of_turn(v[i]);
    }
}

FLEET_CLONES void kerf_fleet_seconds_per_bit(double bandwidth, double gap, double floor, long levels,
                                             const double *efficiencies, const double *mean, const double *gain,
                                             const double *state, long count, double *out) {
    const double inverse = 1 / gap;
    for (long i = 0; i < count; i++) {
        const double ratio = mean[i] * gain[i] * state[i] * inverse;
        out[i] = fast_log(1 + ratio) * 1.44269504088896340736;
    }
    if (levels > 0) {
        for (long i = 0; i < count; i++) {
            double reached = 0;
            for (long level = 0; level < levels; level++) {
                reached = out[i] >= efficiencies[level] ? efficiencies[level] : reached;
            }
            out[i] = reached;
        }
    }
    for (long i = 0; i < count; i++) out[i] = 1 / greatest(bandwidth * out[i], floor);
}

FLEET_CLONES void kerf_fleet_path(double constant, double exponent, const double *squared, long count, double *mean) {
    for (long i = 0; i < count; i++) mean[i] = constant * fast_exp(-0.5 * exponent * fast_log(squared[i]));
}
