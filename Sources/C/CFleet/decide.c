#include "kerf_fleet.h"
#include "lanes.h"
#include "one_clock.h"

// As in Solver.swift: costs closer than this are a tie, of which the least energy is taken, then the lowest cut.
static const double TIE = 1e-9;

// Of steps that cost the same the more frugal is taken: energy counts for at least this share of its span.
static const double FRUGALITY = 1e-10;

// Figures of one cut, by lane. One after the other in memory, so that they do not fall on the same lines of a cache.
typedef struct {
    double rest[LANES];  // seconds that do not depend on the clock
    double cost[LANES];  // at the best clock, as are those that follow
    double seconds[LANES], joules[LANES], ratio[LANES];
} cut_lanes;

typedef struct {
    cut_lanes cut[KERF_FLEET_MAXIMUM_CUTS];
    // The clock where it is the same for all cuts, and its inverse and square.
    double ratio[LANES], inverse[LANES], square[LANES];
} work;

// Server seconds and joules of a cut at the lowest and at the highest clock.
FLEET_INLINE double seconds_at(const kerf_cut_table *t, long cut, int high) {
    if (t->steps > 0) return t->step_seconds[cut * t->steps + (high ? t->steps - 1 : 0)];
    return t->server[cut] / (high ? t->high : t->low);
}

FLEET_INLINE double joules_at(const kerf_cut_table *t, long cut, int high) {
    if (t->steps > 0) return t->step_joules[cut * t->steps + (high ? t->steps - 1 : 0)];
    const double ratio = high ? t->high : t->low;
    return t->joules[cut] * ratio * ratio;
}

FLEET_INLINE int is_span(double low, double high) {
    return high - low > 1e-12 * greatest(__builtin_fabs(low), __builtin_fabs(high));
}

// w over the span of delay, by lane: between the corners, or where they are out of order between the extremes.
FLEET_INLINE void delay_weight(const kerf_cut_table *t, double weight, const work *w, double *out) {
    const long last = t->cuts - 1;
    double low[LANES], high[LANES];
    const double server_only = seconds_at(t, 0, 1), device_only = seconds_at(t, last, 0);
    int ordered = 1;
    FOR_LANES {
        low[i] = w->cut[0].rest[i] + server_only;
        high[i] = w->cut[last].rest[i] + device_only;
        ordered &= is_span(low[i], high[i]);
    }
    if (!ordered) {
        double minimum[LANES], maximum[LANES];
        FOR_LANES {
            minimum[i] = __builtin_inf();
            maximum[i] = -__builtin_inf();
        }
        for (long c = 0; c <= last; c++) {
            const double slow = seconds_at(t, c, 0), fast = seconds_at(t, c, 1);
            FOR_LANES {
                minimum[i] = least(minimum[i], w->cut[c].rest[i] + least(slow, fast));
                maximum[i] = greatest(maximum[i], w->cut[c].rest[i] + greatest(slow, fast));
            }
        }
        FOR_LANES {
            const int fine = is_span(low[i], high[i]);
            low[i] = fine ? low[i] : minimum[i];
            high[i] = fine ? high[i] : maximum[i];
        }
    }
    FOR_LANES out[i] = is_span(low[i], high[i]) ? weight / (high[i] - low[i]) : 0;
}

// The factor by which kappa gives the cube of the best clock of a cut; negative where there is nothing to weigh: no work
// for the server, or an energy that does not count.
enum { LOWEST = -2, HIGHEST = -3 };

FLEET_INLINE double cube_factor(const kerf_cut_table *t, double epsilon, long cut) {
    if (t->server[cut] <= 0) return LOWEST;
    return epsilon * t->joules[cut] > 0 ? t->server[cut] / (2 * epsilon * t->joules[cut]) : HIGHEST;
}

// Whether one clock is the best for all cuts that leave the server work, as with the paper's power.
FLEET_INLINE int is_uniform(const kerf_cut_table *t, double epsilon) {
    const double first = cube_factor(t, epsilon, 0);
    for (long c = 1; c < t->cuts; c++) {
        const double factor = cube_factor(t, epsilon, c);
        if (factor != LOWEST && __builtin_fabs(factor - first) > 1e-14 * __builtin_fabs(first)) return 0;
    }
    return t->steps == 0;
}

// The best clock of all between the limits: the cube root of kappa * factor, clipped.
FLEET_INLINE void best_clock(const kerf_cut_table *t, const double *kappa, double factor, double *ratio) {
    const double low = t->low, high = t->high, low3 = low * low * low, high3 = high * high * high;
    if (factor == LOWEST) {
        FOR_LANES ratio[i] = low;
    } else if (factor == HIGHEST) {
        FOR_LANES ratio[i] = kappa[i] > 0 ? high : low;
    } else {
        FOR_LANES {
            const double cube = kappa[i] * factor;
            const double root = fast_cbrt(least(greatest(cube, low3), high3));
            ratio[i] = cube <= low3 ? low : cube >= high3 ? high : root;
        }
    }
}

FLEET_INLINE void one_clock(const kerf_cut_table *t, const double *kappa, double epsilon, work *w) {
    best_clock(t, kappa, cube_factor(t, epsilon, 0), w->ratio);
    FOR_LANES {
        w->inverse[i] = 1 / w->ratio[i];
        w->square[i] = w->ratio[i] * w->ratio[i];
    }
    for (long c = 0; c < t->cuts; c++) {
        const double seconds = t->server[c], energy = epsilon * t->joules[c];
        cut_lanes *cut = &w->cut[c];
        FOR_LANES cut->cost[i] = kappa[i] * (cut->rest[i] + seconds * w->inverse[i]) + energy * w->square[i];
    }
}

FLEET_INLINE void clock_by_cut(const kerf_cut_table *t, const double *kappa, double epsilon, work *w) {
    for (long c = 0; c < t->cuts; c++) {
        const double seconds = t->server[c], joules = t->joules[c];
        cut_lanes *cut = &w->cut[c];
        best_clock(t, kappa, cube_factor(t, epsilon, c), cut->ratio);
        FOR_LANES {
            cut->seconds[i] = seconds / cut->ratio[i];
            cut->joules[i] = joules * cut->ratio[i] * cut->ratio[i];
            cut->cost[i] = kappa[i] * (cut->rest[i] + cut->seconds[i]) + epsilon * cut->joules[i];
        }
    }
}

// The best of the clock's steps, every one tried.
FLEET_INLINE void best_steps(const kerf_cut_table *t, const double *kappa, double epsilon, double frugality, work *w) {
    for (long c = 0; c < t->cuts; c++) {
        const double *seconds = t->step_seconds + c * t->steps, *joules = t->step_joules + c * t->steps;
        // A cut that leaves the server no work gets the lowest clock.
        const long steps = t->server[c] > 0 ? t->steps : 1;
        double best[LANES], s[LANES], j[LANES], r[LANES];
        FOR_LANES {
            best[i] = kappa[i] * seconds[0] + (epsilon + frugality) * joules[0];
            s[i] = seconds[0];
            j[i] = joules[0];
            r[i] = t->ratios[0];
        }
        for (long k = 1; k < steps; k++) {
            const double energy = (epsilon + frugality) * joules[k], sk = seconds[k], jk = joules[k], rk = t->ratios[k];
            FOR_LANES {
                const double cost = kappa[i] * sk + energy;
                s[i] = cost < best[i] ? sk : s[i];
                j[i] = cost < best[i] ? jk : j[i];
                r[i] = cost < best[i] ? rk : r[i];
                best[i] = cost < best[i] ? cost : best[i];
            }
        }
        cut_lanes *cut = &w->cut[c];
        FOR_LANES {
            cut->ratio[i] = r[i];
            cut->seconds[i] = s[i];
            cut->joules[i] = j[i];
            cut->cost[i] = kappa[i] * (cut->rest[i] + s[i]) + epsilon * j[i];
        }
    }
}

// What was chosen, by lane.
typedef struct {
    double delay[LANES], energy[LANES], cut[LANES], ratio[LANES];
} choice;

FLEET_INLINE void choose(const kerf_cut_table *t, const work *w, int uniform, choice *best) {
    double bound[LANES], cheapest[LANES];
    FOR_LANES cheapest[i] = bound[i] = __builtin_inf();
    for (long c = 0; c < t->cuts; c++) {
        if (t->allowed[c] > 0) FOR_LANES bound[i] = least(bound[i], w->cut[c].cost[i]);
    }
    FOR_LANES bound[i] += TIE;
    for (long c = 0; c < t->cuts; c++) {
        if (t->allowed[c] <= 0) continue;
        const cut_lanes *cut = &w->cut[c];
        const double joules = t->joules[c], seconds = t->server[c], number = (double)c;
        FOR_LANES {
            const double e = uniform ? joules * w->square[i] : cut->joules[i];
            const double d = cut->rest[i] + (uniform ? seconds * w->inverse[i] : cut->seconds[i]);
            // Infinite where the cut costs too much, so that one comparison decides.
            const double rival = cut->cost[i] <= bound[i] ? e : __builtin_inf();
            best->delay[i] = rival < cheapest[i] ? d : best->delay[i];
            best->cut[i] = rival < cheapest[i] ? number : best->cut[i];
            if (!uniform) best->ratio[i] = rival < cheapest[i] ? cut->ratio[i] : best->ratio[i];
            cheapest[i] = least(rival, cheapest[i]);
        }
    }
    FOR_LANES {
        best->energy[i] = cheapest[i];
        if (uniform) best->ratio[i] = t->server[(long)best->cut[i]] > 0 ? w->ratio[i] : t->low;
    }
}

// Lanes of a last pass that are not there repeat the last one.
FLEET_INLINE void load(const double *from, long at, long count, double *out) {
    if (count - at >= LANES) memcpy(out, from + at, sizeof(double) * LANES);
    else FOR_LANES out[i] = from[at + i < count ? at + i : count - 1];
}

FLEET_INLINE void store(double *to, long at, long count, const double *from) {
    memcpy(to + at, from, sizeof(double) * (size_t)(count - at < LANES ? count - at : LANES));
}

// Where all results go.
typedef struct {
    double *delay, *energy, *cut, *ratio;
} results;

// Decides the LANES from `at` in the plain way: every cut's cost at its best clock, then the bound of a tie, then the
// choice. Right for every table.
FLEET_INLINE void decide_plainly(const kerf_cut_table *t, double weight, double epsilon, double frugality, int uniform,
                                 long at, long count, const kerf_lanes *lanes, work *w, const results *out) {
    double scale[LANES], up[LANES], down[LANES], kappa[LANES];
    load(lanes->scale, at, count, scale);
    load(lanes->up, at, count, up);
    load(lanes->down, at, count, down);
    for (long c = 0; c < t->cuts; c++) {
        const double device = t->device[c], up_bits = t->up[c], down_bits = t->down[c], latency = t->latency[c];
        FOR_LANES w->cut[c].rest[i] = scale[i] * device + up[i] * up_bits + down[i] * down_bits + latency;
    }
    delay_weight(t, weight, w, kappa);
    choice best = {};
    if (uniform) {
        one_clock(t, kappa, epsilon, w);
        choose(t, w, 1, &best);
    } else {
        if (t->steps > 0) best_steps(t, kappa, epsilon, frugality, w);
        else clock_by_cut(t, kappa, epsilon, w);
        choose(t, w, 0, &best);
    }
    store(out->delay, at, count, best.delay);
    store(out->energy, at, count, best.energy);
    store(out->cut, at, count, best.cut);
    store(out->ratio, at, count, best.ratio);
}

FLEET_INLINE void decide_all(const kerf_cut_table *t, double weight, double energy_span, long count,
                             const kerf_lanes *lanes, const results *out, int plainly) {
    const double epsilon = energy_span > 0 ? (1 - weight) / energy_span : 0;
    const double frugality = energy_span > 0 ? FRUGALITY / energy_span : 0;
    const int uniform = is_uniform(t, epsilon);
    const double factor = cube_factor(t, epsilon, 0);
    one_clock_terms terms;
    // Without a cost of energy the highest clock is the best, as if its cube had no limit.
    const int quick = !plainly && uniform && (factor > 0 || (factor == HIGHEST && weight > 0))
                      && one_clock_prepare(t, weight, epsilon, factor > 0 ? factor : __builtin_inf(), TIE, &terms);
    work w;
    for (long at = 0; at < count; at += LANES) {
        if (quick && decide_at_one_clock(&terms, at, count, lanes, out->delay, out->energy, out->cut, out->ratio)) {
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
