#pragma once

#include "kerf_fleet.h"
#include "packed_math.h"

// The quick way to decide where one frequency is the best for all cuts (is_uniform in decide.c), as with the paper's
// power.
// It answers only what it is sure of: where two cuts cost almost the same, or the delays hardly differ, it gives up on
// these lanes, and decide.c weighs every cut in the plain way.
//
// The cost of a cut is then linear in its figures with weights that are the same for all cuts. So a cut whose figures lie
// half way between its neighbors' is never the only best, nor the only extreme of delay: where blocks are alike, what
// remains are the endpoints and the cuts next to them.

typedef struct {
    // Of the cuts that remain, by place: figures of kerf_cut_table, and server seconds at both ends of the frequency.
    long count;
    double number[KERF_FLEET_MAXIMUM_CUTS], device[KERF_FLEET_MAXIMUM_CUTS], up[KERF_FLEET_MAXIMUM_CUTS],
        down[KERF_FLEET_MAXIMUM_CUTS], latency[KERF_FLEET_MAXIMUM_CUTS], server[KERF_FLEET_MAXIMUM_CUTS],
        joules[KERF_FLEET_MAXIMUM_CUTS], fast[KERF_FLEET_MAXIMUM_CUTS], slow[KERF_FLEET_MAXIMUM_CUTS];
    // From this cut on the server has nothing to do, and takes the lowest frequency.
    double first_idle;
    // The energy's share of the cost for a joule, and the factor by which kappa gives the cube of the best frequency.
    double epsilon, factor;
    double weight, low, high;
    // Costs closer than this are left to the plain way.
    double margin;
} one_frequency_terms;

// Whether a figure is at a cut half way between its neighbors', but for the rounding of sums over layers.
FLEET_INLINE int is_half_way(const double *figure, long cut, long cuts) {
    double scale = 0;
    for (long c = 0; c < cuts; c++) scale = greatest(scale, __builtin_fabs(figure[c]));
    return __builtin_fabs(figure[cut - 1] - 2 * figure[cut] + figure[cut + 1]) <= 0x1p-49 * scale;
}

// Returns 0 where the quick way does not know the table: a cut that may not be chosen.
FLEET_INLINE int one_frequency_prepare(const kerf_cut_table *t, double weight, double epsilon, double factor,
                                       double tie, one_frequency_terms *terms) {
    const double *const figures[] = {t->device, t->up, t->down, t->latency, t->server, t->joules};
    long first_idle = t->cuts, count = 0;
    while (first_idle > 0 && t->server[first_idle - 1] <= 0) first_idle--;
    for (long c = 0; c < t->cuts; c++) {
        if (t->allowed[c] <= 0) return 0;
        int between = c > 0 && c < t->cuts - 1;
        for (int f = 0; between && f < 6; f++) between = is_half_way(figures[f], c, t->cuts);
        if (between) continue;
        terms->number[count] = (double)c;
        terms->device[count] = t->device[c];
        terms->up[count] = t->up[c];
        terms->down[count] = t->down[c];
        terms->latency[count] = t->latency[c];
        terms->server[count] = t->server[c];
        terms->joules[count] = t->joules[c];
        terms->fast[count] = t->server[c] / t->high;
        terms->slow[count] = t->server[c] / t->low;
        count++;
    }
    terms->count = count;
    terms->first_idle = (double)first_idle;
    terms->epsilon = epsilon;
    terms->factor = factor;
    terms->weight = weight;
    terms->low = t->low;
    terms->high = t->high;
    // A cut next to the best on a line of n to the runner-up costs an n-th of the difference more.
    terms->margin = 2 * tie * (double)t->cuts;
    return 1;
}

// Seconds of each cut that remains, without the server's computing.
FLEET_INLINE void rests(const one_frequency_terms *t, const kerf_lanes *lanes, long at, long count, packed *rest) {
    const packed scale = load_packed(lanes->scale, at, count), up = load_packed(lanes->up, at, count),
                 down = load_packed(lanes->down, at, count);
    for (long k = 0; k < t->count; k++) {
        rest[k] = scale * t->device[k] + up * t->up[k] + down * t->down[k] + t->latency[k];
    }
}

// The span of delay between the corners, or between the extremes where those are out of order; not above zero, or no
// number, where there is none.
FLEET_INLINE packed delay_span(const one_frequency_terms *t, const packed *rest) {
    packed low = rest[0] + t->fast[0], high = rest[t->count - 1] + t->slow[t->count - 1];
    const packed_mask fine = is_packed_span(low, high);
    if (any(~fine)) {
        packed minimum = all(__builtin_inf()), maximum = -minimum;
        for (long k = 0; k < t->count; k++) {
            minimum = packed_least(minimum, rest[k] + t->fast[k]);
            maximum = packed_greatest(maximum, rest[k] + t->slow[k]);
        }
        low = pick(fine, low, minimum);
        high = pick(fine, high, maximum);
    }
    return pick(is_packed_span(low, high), high - low, all(-1));
}

// Whether the LANES from `at` on were decided.
FLEET_INLINE int decide_at_one_frequency(const one_frequency_terms *t, long at, long count, const kerf_lanes *lanes,
                                     double *delay, double *energy, double *cut, double *ratio) {
    packed rest[KERF_FLEET_MAXIMUM_CUTS];
    rests(t, lanes, at, count, rest);
    const packed span = delay_span(t, rest);
    if (any(span <= 0)) return 0;

    const packed kappa = t->weight / span, cube = kappa * t->factor;
    const packed low = all(t->low), high = all(t->high), low3 = low * low * low, high3 = high * high * high;
    const packed clipped = packed_least(packed_greatest(cube, low3), high3), root = inverse_cbrt(clipped);
    const packed_mask lowest = cube <= low3, highest = cube >= high3;
    const packed frequency = pick(lowest, low, pick(highest, high, clipped * root * root));
    const packed inverse = pick(lowest, 1 / low, pick(highest, 1 / high, root));
    const packed square = frequency * frequency, joule_cost = t->epsilon * square;

    packed cost = all(__builtin_inf()), second = cost, best_delay = {}, joules = {}, best_cut = {};
    for (long k = 0; k < t->count; k++) {
        const packed seconds = rest[k] + t->server[k] * inverse;
        const packed rival = kappa * seconds + t->joules[k] * joule_cost;
        const packed_mask less = rival < cost;
        second = packed_least(second, packed_greatest(cost, rival));
        cost = packed_least(cost, rival);
        best_delay = pick(less, seconds, best_delay);
        joules = pick(less, all(t->joules[k]), joules);
        best_cut = pick(less, all(t->number[k]), best_cut);
    }
    if (any(~(second - cost > t->margin + 1e-12 * absolute(cost)))) return 0;
    store_packed(delay, at, count, best_delay);
    store_packed(energy, at, count, joules * square);
    store_packed(cut, at, count, best_cut);
    store_packed(ratio, at, count, pick(best_cut >= t->first_idle, low, frequency));
    return 1;
}
