#include "kerf_fleet.h"
#include "lanes.h"

// As in Solver.swift: costs closer than this are a tie, of which the least energy is taken, then the lowest cut.
static const double TIE = 1e-9;

// Work of one pass: for every cut and lane what does not depend on the clock, then the best clock's figures.
typedef struct {
    double rest[KERF_FLEET_MAXIMUM_CUTS][LANES];
    double seconds[KERF_FLEET_MAXIMUM_CUTS][LANES];
    double joules[KERF_FLEET_MAXIMUM_CUTS][LANES];
    double ratio[KERF_FLEET_MAXIMUM_CUTS][LANES];
    double cost[KERF_FLEET_MAXIMUM_CUTS][LANES];
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
        low[i] = w->rest[0][i] + server_only;
        high[i] = w->rest[last][i] + device_only;
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
                minimum[i] = least(minimum[i], w->rest[c][i] + least(slow, fast));
                maximum[i] = greatest(maximum[i], w->rest[c][i] + greatest(slow, fast));
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

// The best clock of a cut where any between the limits may be taken: the cube root of kappa * factor, clipped.
FLEET_INLINE void closed_form(const kerf_cut_table *t, const double *kappa, double epsilon, work *w) {
    const double low = t->low, high = t->high, low3 = low * low * low, high3 = high * high * high;
    double ratio[LANES], inverse[LANES], known = -1;
    for (long c = 0; c < t->cuts; c++) {
        const double seconds = t->server[c], joules = t->joules[c];
        const double work_of_energy = 2 * epsilon * joules;
        // Negative where there is nothing to weigh: no work for the server, or an energy that does not count.
        const double factor = seconds <= 0 ? -2 : work_of_energy <= 0 ? -3 : seconds / work_of_energy;
        // With the paper's power the factor is the same for all cuts.
        if (__builtin_fabs(factor - known) > 1e-14 * __builtin_fabs(factor)) {
            known = factor;
            if (factor == -2) {
                FOR_LANES ratio[i] = low;
            } else if (factor == -3) {
                FOR_LANES ratio[i] = kappa[i] > 0 ? high : low;
            } else {
                FOR_LANES {
                    const double cube = kappa[i] * factor;
                    const double root = fast_cbrt(least(greatest(cube, low3), high3));
                    ratio[i] = cube <= low3 ? low : cube >= high3 ? high : root;
                }
            }
            FOR_LANES inverse[i] = 1 / ratio[i];
        }
        FOR_LANES {
            w->ratio[c][i] = ratio[i];
            w->seconds[c][i] = seconds * inverse[i];
            w->joules[c][i] = joules * ratio[i] * ratio[i];
            w->cost[c][i] = kappa[i] * (w->rest[c][i] + w->seconds[c][i]) + epsilon * w->joules[c][i];
        }
    }
}

// The best of the clock's steps, every one tried: the least cost, of equals the least energy, then the lowest step.
FLEET_INLINE void best_steps(const kerf_cut_table *t, const double *kappa, double epsilon, work *w) {
    for (long c = 0; c < t->cuts; c++) {
        const double *seconds = t->step_seconds + c * t->steps, *joules = t->step_joules + c * t->steps;
        double best[LANES], s[LANES], j[LANES], r[LANES];
        FOR_LANES best[i] = __builtin_inf();
        for (long k = 0; k < t->steps; k++) {
            const double e = epsilon * joules[k];
            FOR_LANES best[i] = least(best[i], kappa[i] * seconds[k] + e);
        }
        FOR_LANES {
            j[i] = __builtin_inf();
            s[i] = seconds[0];
            r[i] = t->ratios[0];
            best[i] += TIE;
        }
        if (t->server[c] <= 0) FOR_LANES j[i] = joules[0];
        else
            for (long k = 0; k < t->steps; k++) {
                const double e = epsilon * joules[k];
                FOR_LANES {
                    const int better = (kappa[i] * seconds[k] + e <= best[i]) & (joules[k] < j[i]);
                    j[i] = better ? joules[k] : j[i];
                    s[i] = better ? seconds[k] : s[i];
                    r[i] = better ? t->ratios[k] : r[i];
                }
            }
        FOR_LANES {
            w->ratio[c][i] = r[i];
            w->seconds[c][i] = s[i];
            w->joules[c][i] = j[i];
            w->cost[c][i] = kappa[i] * (w->rest[c][i] + s[i]) + epsilon * j[i];
        }
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

FLEET_CLONES void kerf_fleet_decide(const kerf_cut_table *t, double weight, double energy_span, long count,
                                    const kerf_lanes *lanes, double *delay, double *energy, double *cut,
                                    double *ratio) {
    const double epsilon = energy_span > 0 ? (1 - weight) / energy_span : 0;
    work w;
    for (long at = 0; at < count; at += LANES) {
        double scale[LANES], up[LANES], down[LANES], kappa[LANES], bound[LANES];
        load(lanes->scale, at, count, scale);
        load(lanes->up, at, count, up);
        load(lanes->down, at, count, down);
        for (long c = 0; c < t->cuts; c++) {
            FOR_LANES w.rest[c][i] =
                scale[i] * t->device[c] + up[i] * t->up[c] + down[i] * t->down[c] + t->latency[c];
        }
        delay_weight(t, weight, &w, kappa);
        if (t->steps > 0) best_steps(t, kappa, epsilon, &w);
        else closed_form(t, kappa, epsilon, &w);

        FOR_LANES bound[i] = __builtin_inf();
        for (long c = 0; c < t->cuts; c++) {
            if (t->allowed[c] > 0) FOR_LANES bound[i] = least(bound[i], w.cost[c][i]);
        }
        double d[LANES] = {}, e[LANES], chosen[LANES] = {}, clock[LANES] = {};
        FOR_LANES {
            e[i] = __builtin_inf();
            bound[i] += TIE;
        }
        for (long c = 0; c < t->cuts; c++) {
            if (t->allowed[c] <= 0) continue;
            FOR_LANES {
                const int better = (w.cost[c][i] <= bound[i]) & (w.joules[c][i] < e[i]);
                e[i] = better ? w.joules[c][i] : e[i];
                d[i] = better ? w.rest[c][i] + w.seconds[c][i] : d[i];
                chosen[i] = better ? (double)c : chosen[i];
                clock[i] = better ? w.ratio[c][i] : clock[i];
            }
        }
        store(delay, at, count, d);
        store(energy, at, count, e);
        store(cut, at, count, chosen);
        store(ratio, at, count, clock);
    }
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
