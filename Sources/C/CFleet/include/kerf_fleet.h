#pragma once

#include <stdint.h>

// Decisions for many devices at once: lanes of structure-of-arrays, in double. Every function works on `count` lanes and
// is checked against the scalar solver and channel in Swift.

enum { KERF_FLEET_MAXIMUM_CUTS = 256 };

// What one device class and one server need at every cut, for a round; see CutTable.swift.
typedef struct {
    long cuts;
    // Arrays of `cuts`: device seconds; bits up and down; latency seconds.
    const double *device, *up, *down, *latency;
    // 1 where the cut may be chosen, else 0.
    const double *allowed;
    // Server seconds and joules at the reference frequency.
    const double *server, *joules;
    // Frequencies as ratios to the reference. With steps == 0 any between low and high, time as 1/f, energy as f^2.
    double low, high;
    long steps;
    const double *ratios;
    // [cut][step]: server seconds and joules.
    const double *step_seconds, *step_joules;
} kerf_cut_table;

// Lanes: device seconds are multiplied by `scale`; seconds a bit up and down.
typedef struct {
    const double *scale, *up, *down;
} kerf_lanes;

// Best cut and frequency of every lane by w D' + (1 - w) E', D' and E' normalized as in Solver.swift. `energy_span` is the
// energy's normalizer, the same for all lanes; 0 leaves energy out. Results: delay, joules, cut, frequency ratio.
void kerf_fleet_decide(const kerf_cut_table *table, double weight, double energy_span, long count,
                       const kerf_lanes *lanes, double *delay, double *energy, double *cut, double *ratio);

// The same without the quick way for tables that have one best frequency for all cuts: what that is checked against.
void kerf_fleet_decide_plainly(const kerf_cut_table *table, double weight, double energy_span, long count,
                               const kerf_lanes *lanes, double *delay, double *energy, double *cut, double *ratio);

// Delay and joules at given cuts, one a lane, at the highest frequency.
void kerf_fleet_evaluate(const kerf_cut_table *table, const double *cut, long count, const kerf_lanes *lanes,
                         double *delay, double *energy);

// Uniform numbers in (0, 1) from a counter: the same for the same (key, first + lane), whatever the order of calls.
void kerf_fleet_uniform(uint64_t key, uint64_t first, long count, double *out);

// Power gain of a fading block with mean 1 from two uniform numbers a lane: Rician with factor k; k = 0 is Rayleigh.
void kerf_fleet_fading(double k, const double *u, const double *v, long count, double *gain);

// Seconds a bit from the signal-to-noise ratio mean * gain * state: Shannon's rate over the gap, or, with levels > 0,
// the greatest of the given efficiencies that it reaches; never below `floor` bit/s.
void kerf_fleet_seconds_per_bit(double bandwidth, double gap, double floor, long levels, const double *efficiencies,
                                const double *mean, const double *gain, const double *state, long count, double *out);

// mean[i] = constant * distance[i]^-exponent, from squared distances.
void kerf_fleet_path(double constant, double exponent, const double *squared, long count, double *mean);
