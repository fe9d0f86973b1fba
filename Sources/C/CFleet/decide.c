#include "kerf_fleet.h"
#include "lanes.h"
#include "one_frequency.h"

// As in Solver.swift: costs closer than this are a tie, of which the least energy is taken, then the lowest cut.
static const double TIE = 1e-9;

// Of steps that cost the same the more frugal is taken: energy counts for at least this share of its span.
static const double FRUGALITY = 1e-10;

// Figures of one cut. One after the other in memory, so that they do not fall on the same lines of a cache.
typedef struct {
    packed rest;  // seconds that do not depend on the frequency
    packed cost;  // at the best frequency, as are those that follow
    packed seconds, joules, ratio;
} cut_lanes;

typedef struct {
    cut_lanes cut[KERF_FLEET_MAXIMUM_CUTS];
    // The frequency where it is the same for all cuts, and its inverse and square.
    packed ratio, inverse, square;
} work;

// Server seconds and joules of a cut at the lowest and at the highest frequency.
FLEET_INLINE double seconds_at(const kerf_cut_table *t, long cut, int high) {
    if (t->steps > 0) return t->step_seconds[cut * t->steps + (high ? t->steps - 1 : 0)];
    return t->server[cut] / (high ? t->high : t->low);
}

FLEET_INLINE double joules_at(const kerf_cut_table *t, long cut, int high) {
    if (t->steps > 0) return t->step_joules[cut * t->steps + (high ? t->steps - 1 : 0)];
    const double ratio = high ? t->high : t->low;
    return t->joules[cut] * ratio * ratio;
}

// w over the span of delay: between the corners, or where they are out of order between the extremes.
FLEET_INLINE packed delay_weight(const kerf_cut_table *t, double weight, const work *w) {
    const long last = t->cuts - 1;
    packed low = w->cut[0].rest + seconds_at(t, 0, 1), high = w->cut[last].rest + seconds_at(t, last, 0);
    const packed_mask fine = is_packed_span(low, high);
    if (any(~fine)) {
        packed minimum = all(__builtin_inf()), maximum = -minimum;
        for (long c = 0; c <= last; c++) {
            const double slow = seconds_at(t, c, 0), fast = seconds_at(t, c, 1);
            minimum = packed_least(minimum, w->cut[c].rest + least(slow, fast));
            maximum = packed_greatest(maximum, w->cut[c].rest + greatest(slow, fast));
        }
        low = pick(fine, low, minimum);
        high = pick(fine, high, maximum);
    }
    return pick(is_packed_span(low, high), weight / (high - low), all(0));
}

// The factor by which kappa gives the cube of a cut's best frequency; negative where there is nothing to weigh: no work
// for the server, or an energy that does not count.
enum { LOWEST = -2, HIGHEST = -3 };

FLEET_INLINE double cube_factor(const kerf_cut_table *t, double epsilon, long cut) {
    if (t->server[cut] <= 0) return LOWEST;
    return epsilon * t->joules[cut] > 0 ? t->server[cut] / (2 * epsilon * t->joules[cut]) : HIGHEST;
}

// Whether one frequency is the best for all cuts that leave the server work, as with the paper's power.
FLEET_INLINE int is_uniform(const kerf_cut_table *t, double epsilon) {
    const double first = cube_factor(t, epsilon, 0);
    for (long c = 1; c < t->cuts; c++) {
        const double factor = cube_factor(t, epsilon, c);
        if (factor != LOWEST && __builtin_fabs(factor - first) > 1e-14 * __builtin_fabs(first)) return 0;
    }
    return t->steps == 0;
}

// The best frequency of all between the limits: the cube root of kappa * factor, clipped.
FLEET_INLINE packed best_frequency(const kerf_cut_table *t, packed kappa, double factor) {
    const packed low = all(t->low), high = all(t->high), low3 = low * low * low, high3 = high * high * high;
    if (factor == LOWEST) return low;
    if (factor == HIGHEST) return pick(kappa > 0, high, low);
    const packed cube = kappa * factor;
    const packed root = packed_cbrt(packed_least(packed_greatest(cube, low3), high3));
    return pick(cube <= low3, low, pick(cube >= high3, high, root));
}

FLEET_INLINE void one_frequency(const kerf_cut_table *t, packed kappa, double epsilon, work *w) {
    w->ratio = best_frequency(t, kappa, cube_factor(t, epsilon, 0));
    w->inverse = 1 / w->ratio;
    w->square = w->ratio * w->ratio;
    for (long c = 0; c < t->cuts; c++) {
        cut_lanes *cut = &w->cut[c];
        cut->cost = kappa * (cut->rest + t->server[c] * w->inverse) + epsilon * t->joules[c] * w->square;
    }
}

FLEET_INLINE void frequency_by_cut(const kerf_cut_table *t, packed kappa, double epsilon, work *w) {
    for (long c = 0; c < t->cuts; c++) {
        cut_lanes *cut = &w->cut[c];
        cut->ratio = best_frequency(t, kappa, cube_factor(t, epsilon, c));
        cut->seconds = t->server[c] / cut->ratio;
        cut->joules = t->joules[c] * cut->ratio * cut->ratio;
        cut->cost = kappa * (cut->rest + cut->seconds) + epsilon * cut->joules;
    }
}

// The best of the frequency's steps, every one tried.
FLEET_INLINE void best_steps(const kerf_cut_table *t, packed kappa, double epsilon, double frugality, work *w) {
    for (long c = 0; c < t->cuts; c++) {
        const double *seconds = t->step_seconds + c * t->steps, *joules = t->step_joules + c * t->steps;
        // A cut that leaves the server no work gets the lowest frequency.
        const long steps = t->server[c] > 0 ? t->steps : 1;
        packed best = kappa * seconds[0] + (epsilon + frugality) * joules[0];
        packed s = all(seconds[0]), j = all(joules[0]), r = all(t->ratios[0]);
        for (long k = 1; k < steps; k++) {
            const packed cost = kappa * seconds[k] + (epsilon + frugality) * joules[k];
            const packed_mask less = cost < best;
            s = pick(less, all(seconds[k]), s);
            j = pick(less, all(joules[k]), j);
            r = pick(less, all(t->ratios[k]), r);
            best = packed_least(cost, best);
        }
        cut_lanes *cut = &w->cut[c];
        cut->ratio = r;
        cut->seconds = s;
        cut->joules = j;
        cut->cost = kappa * (cut->rest + s) + epsilon * j;
    }
}

// What was chosen.
typedef struct {
    packed delay, energy, cut, ratio;
} choice;

FLEET_INLINE choice choose(const kerf_cut_table *t, const work *w, int uniform) {
    const packed infinite = all(__builtin_inf());
    packed bound = infinite, cheapest = infinite;
    for (long c = 0; c < t->cuts; c++) {
        if (t->allowed[c] > 0) bound = packed_least(bound, w->cut[c].cost);
    }
    bound += TIE;
    choice best = {};
    if (uniform) best.ratio = t->server[0] > 0 ? w->ratio : all(t->low);
    for (long c = 0; c < t->cuts; c++) {
        if (t->allowed[c] <= 0) continue;
        const cut_lanes *cut = &w->cut[c];
        const double seconds = t->server[c];
        const packed joules = uniform ? t->joules[c] * w->square : cut->joules;
        const packed delay = cut->rest + (uniform ? seconds * w->inverse : cut->seconds);
        const packed ratio = !uniform ? cut->ratio : seconds > 0 ? w->ratio : all(t->low);
        // Infinite where the cut costs too much, so that one comparison decides.
        const packed rival = pick(cut->cost <= bound, joules, infinite);
        const packed_mask less = rival < cheapest;
        best.delay = pick(less, delay, best.delay);
        best.cut = pick(less, all((double)c), best.cut);
        best.ratio = pick(less, ratio, best.ratio);
        cheapest = packed_least(rival, cheapest);
    }
    best.energy = cheapest;
    return best;
}

// Where all results go.
typedef struct {
    double *delay, *energy, *cut, *ratio;
} results;

// Decides the LANES from `at` in the plain way: every cut's cost at its best frequency, then the bound of a tie, then the
// choice. Right for every table.
FLEET_INLINE void decide_plainly(const kerf_cut_table *t, double weight, double epsilon, double frugality, int uniform,
                                 long at, long count, const kerf_lanes *lanes, work *w, const results *out) {
    const packed scale = load_packed(lanes->scale, at, count), up = load_packed(lanes->up, at, count),
                 down = load_packed(lanes->down, at, count);
    for (long c = 0; c < t->cuts; c++) {
        w->cut[c].rest = scale * t->device[c] + up * t->up[c] + down * t->down[c] + t->latency[c];
    }
    const packed kappa = delay_weight(t, weight, w);
    if (uniform) one_frequency(t, kappa, epsilon, w);
    else if (t->steps > 0) best_steps(t, kappa, epsilon, frugality, w);
    else frequency_by_cut(t, kappa, epsilon, w);
    const choice best = uniform ? choose(t, w, 1) : choose(t, w, 0);
    store_packed(out->delay, at, count, best.delay);
    store_packed(out->energy, at, count, best.energy);
    store_packed(out->cut, at, count, best.cut);
    store_packed(out->ratio, at, count, best.ratio);
}

FLEET_INLINE void decide_all(const kerf_cut_table *t, double weight, double energy_span, long count,
                             const kerf_lanes *lanes, const results *out, int plainly) {
    const double epsilon = energy_span > 0 ? (1 - weight) / energy_span : 0;
    const double frugality = energy_span > 0 ? FRUGALITY / energy_span : 0;
    const int uniform = is_uniform(t, epsilon);
    const double factor = cube_factor(t, epsilon, 0);
    one_frequency_terms terms;
    // Without a cost of energy the highest frequency is the best, as if its cube had no limit.
    const int quick = !plainly && uniform && (factor > 0 || (factor == HIGHEST && weight > 0))
                      && one_frequency_prepare(t, weight, epsilon, factor > 0 ? factor : __builtin_inf(), TIE, &terms);
    work w;
    for (long at = 0; at < count; at += LANES) {
        if (quick && decide_at_one_frequency(&terms, at, count, lanes, out->delay, out->energy, out->cut, out->ratio)) {
            continue;
        }
        decide_plainly(t, weight, epsilon, frugality, uniform, at, count, lanes, &w, out);
    }
}

FLEET_CLONES void kerf_fleet_decide(const kerf_cut_table *t, double weight, double energy_span, long count,
                                    const kerf_lanes *lanes, double *delay, double *energy, double *cut,
                                    double *ratio) {
    const results out = {delay, energy, cut, ratio};
    decide_all(t, weight, energy_span, count, lanes, &out, 0);
}

FLEET_CLONES void kerf_fleet_decide_plainly(const kerf_cut_table *t, double weight, double energy_span, long count,
                                            const kerf_lanes *lanes, double *delay, double *energy, double *cut,
                                            double *ratio) {
    const results out = {delay, energy, cut, ratio};
    decide_all(t, weight, energy_span, count, lanes, &out, 1);
}

FLEET_CLONES void kerf_fleet_evaluate(const kerf_cut_table *t, const double *cut, long count, const kerf_lanes *lanes,
                                      double *delay, double *energy) {
    double seconds[KERF_FLEET_MAXIMUM_CUTS], joules[KERF_FLEET_MAXIMUM_CUTS];
    for (long c = 0; c < t->cuts; c++) {
        seconds[c] = seconds_at(t, c, 1) + t->latency[c];
        joules[c] = joules_at(t, c, 1);
    }
    for (long i = 0; i < count; i++) {
        const long c = (long)cut[i];
        delay[i] = lanes->scale[i] * t->device[c] + lanes->up[i] * t->up[c] + lanes->down[i] * t->down[c] + seconds[c];
        energy[i] = joules[c];
    }
}
