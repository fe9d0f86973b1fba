#include "check.h"
#include "groups.h"
#include "kerf_fleet.h"

#include <math.h>

// Not a multiple of what the kernels take at once.
enum { LANES = 301, CUTS = 9, STEPS = 5 };

// Uniform numbers by the same recurrence, one at a time.
static double uniform(uint64_t key, uint64_t counter) {
    uint64_t mixed = key + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    return ((double)(mixed >> 12) + 0.5) * 0x1p-52;
}

static double *uniforms(uint64_t key) {
    double *numbers = check_doubles(LANES);
    kerf_fleet_uniform(key, 5, LANES, numbers);
    return numbers;
}

static void channel(void) {
    check_case("channel");
    double *expected = check_doubles(LANES), *result = check_doubles(LANES);
    const double *u = uniforms(7), *v = uniforms(8), *state = uniforms(9);
    for (long i = 0; i < LANES; i++) expected[i] = uniform(7, 5 + (uint64_t)i);
    check_same("uniform numbers", LANES * sizeof *u, u, expected);

    for (long i = 0; i < LANES; i++) expected[i] = -log(u[i]);
    kerf_fleet_fading(0, u, v, LANES, result);
    check_close_double("Rayleigh", LANES, result, expected, 1e-14);
    const double k = 3, line = sqrt(k / (k + 1)), spread = sqrt(1 / (k + 1)), turn = 2 * acos(-1.0);
    for (long i = 0; i < LANES; i++) {
        const double real = line + spread * sqrt(-log(u[i])) * cos(turn * v[i]);
        const double imaginary = spread * sqrt(-log(u[i])) * sin(turn * v[i]);
        expected[i] = real * real + imaginary * imaginary;
    }
    kerf_fleet_fading(k, u, v, LANES, result);
    check_close_double("Rician", LANES, result, expected, 1e-14);

    double *mean = check_doubles(LANES);
    for (long i = 0; i < LANES; i++) expected[i] = 1e7 * pow(100 + 1e4 * v[i], -1.75);
    for (long i = 0; i < LANES; i++) result[i] = 100 + 1e4 * v[i];
    kerf_fleet_path(1e7, 3.5, result, LANES, mean);
    check_close_double("path", LANES, mean, expected, 1e-14);

    static const double efficiencies[] = {0.25, 1, 2, 4};
    for (int levels = 0; levels <= 4; levels += 4) {
        for (long i = 0; i < LANES; i++) {
            double efficiency = log2(1 + mean[i] * u[i] * state[i] / 1.5);
            if (levels > 0) {
                int level = 0;
                while (level < levels && efficiency >= efficiencies[level]) level++;
                efficiency = level > 0 ? efficiencies[level - 1] : 0;
            }
            expected[i] = 1 / fmax(1e6 * efficiency, 1e3);
        }
        kerf_fleet_seconds_per_bit(1e6, 1.5, 1e3, levels, efficiencies, mean, u, state, LANES, result);
        check_close_double(levels ? "seconds a bit, in levels" : "seconds a bit", LANES, result, expected, 1e-14);
    }
}

struct table {
    double device[CUTS], up[CUTS], down[CUTS], latency[CUTS], allowed[CUTS], server[CUTS], joules[CUTS];
    double step_seconds[CUTS * STEPS], step_joules[CUTS * STEPS];
    kerf_cut_table cuts;
};

static const double ratios[STEPS] = {0.4, 0.6, 0.8, 0.9, 1};

// `alike`: a second of the server always takes the same power, so that one frequency is the best for all cuts.
static void make_table(struct table *t, bool alike, bool stepped) {
    const double *random = uniforms(10);
    for (long c = 0; c < CUTS; c++) {
        t->device[c] = 0.1 + 0.5 * (double)c;
        t->up[c] = c > 0 ? 1e6 * (0.5 + random[c]) : 0;
        t->down[c] = c > 0 ? 2e6 * (0.5 + random[c + 20]) : 0;
        t->latency[c] = 0.01;
        t->allowed[c] = alike || c != 3;
        t->server[c] = 0.2 * (double)(CUTS - 1 - c);
        t->joules[c] = t->server[c] * (alike ? 50 : 30 + 40 * random[c + 40]);
        for (long k = 0; k < STEPS; k++) {
            t->step_seconds[c * STEPS + k] = t->server[c] / ratios[k];
            t->step_joules[c * STEPS + k] = t->joules[c] * (0.3 + 0.7 * pow(ratios[k], 2.5));
        }
    }
    t->cuts = (kerf_cut_table){
        .cuts = CUTS, .device = t->device, .up = t->up, .down = t->down, .latency = t->latency, .allowed = t->allowed,
        .server = t->server, .joules = t->joules, .low = ratios[0], .high = ratios[STEPS - 1],
        .steps = stepped ? STEPS : 0, .ratios = ratios, .step_seconds = t->step_seconds,
        .step_joules = t->step_joules};
}

// Delay and energy of one cut at one frequency, which is a step where there are steps.
static void cost(const struct table *t, const kerf_lanes *lanes, long lane, long cut, double ratio, double *delay,
                 double *energy) {
    double seconds = t->server[cut] / ratio;
    *energy = t->joules[cut] * ratio * ratio;
    for (long k = 0; k < STEPS && t->cuts.steps > 0; k++)
        if (ratios[k] == ratio) {
            seconds = t->step_seconds[cut * STEPS + k];
            *energy = t->step_joules[cut * STEPS + k];
        }
    *delay = lanes->scale[lane] * t->device[cut] + lanes->up[lane] * t->up[cut] + lanes->down[lane] * t->down[cut]
        + t->latency[cut] + seconds;
}

// Every cut and step, or many frequencies, is tried: none may be better than what was decided.
static void check_lane(const struct table *t, const kerf_lanes *lanes, long lane, double weight, double energy_span,
                       const double decided[4]) {
    enum { TRIED = 200 };
    double delay, energy, fast, slow;
    cost(t, lanes, lane, 0, ratios[STEPS - 1], &fast, &energy);
    cost(t, lanes, lane, CUTS - 1, ratios[0], &slow, &energy);
    const double for_delay = weight / (slow - fast), for_energy = (1 - weight) / energy_span;
    const long cut = (long)decided[2];
    check_that("cut is allowed", cut >= 0 && cut < CUTS && t->allowed[cut] > 0);
    cost(t, lanes, lane, cut, decided[3], &delay, &energy);
    check_error("delay of what is decided", fabs(decided[0] - delay), 1e-12 * delay);
    check_error("energy of what is decided", fabs(decided[1] - energy), 1e-12 * (energy + 1));
    const double best = for_delay * delay + for_energy * energy;
    double least = INFINITY;
    for (long c = 0; c < CUTS; c++)
        for (long k = 0; k < (t->cuts.steps > 0 ? STEPS : TRIED) && t->allowed[c] > 0; k++) {
            const double ratio = t->cuts.steps > 0 ? ratios[k] : ratios[0] + (1 - ratios[0]) * (double)k / (TRIED - 1);
            cost(t, lanes, lane, c, ratio, &delay, &energy);
            least = fmin(least, for_delay * delay + for_energy * energy);
        }
    check_that("nothing costs less", slow > fast && best <= least + 2e-9);
}

static void decide(double weight, bool alike, bool stepped) {
    check_case("decisions, weight %.1f, %s power, %s", weight, alike ? "one" : "any", stepped ? "steps" : "no steps");
    struct table t;
    make_table(&t, alike, stepped);
    const double *random[] = {uniforms(11), uniforms(12), uniforms(13)};
    double *scale = check_doubles(LANES), *up = check_doubles(LANES), *down = check_doubles(LANES);
    for (long i = 0; i < LANES; i++) {
        scale[i] = 0.5 + random[0][i];
        up[i] = 1e-7 * (1 + 9 * random[1][i]);
        down[i] = 5e-8 * (1 + 9 * random[2][i]);
    }
    const kerf_lanes lanes = {scale, up, down};
    double *quick[4], *plain[4];
    for (int i = 0; i < 4; i++) {
        quick[i] = check_doubles(LANES);
        plain[i] = check_doubles(LANES);
    }
    const double energy_span = 80;
    kerf_fleet_decide(&t.cuts, weight, energy_span, LANES, &lanes, quick[0], quick[1], quick[2], quick[3]);
    kerf_fleet_decide_plainly(&t.cuts, weight, energy_span, LANES, &lanes, plain[0], plain[1], plain[2], plain[3]);
    check_same("cuts of both ways", LANES * sizeof *quick[2], quick[2], plain[2]);
    const char *names[] = {"delay of both ways", "energy of both ways", "", "frequency of both ways"};
    for (int i = 0; i < 4; i++)
        if (i != 2) check_close_double(names[i], LANES, quick[i], plain[i], 1e-12);
    for (long i = 0; i < LANES; i += 7) {
        const double decided[4] = {quick[0][i], quick[1][i], quick[2][i], quick[3][i]};
        check_lane(&t, &lanes, i, weight, energy_span, decided);
    }

    double *delay = check_doubles(LANES), *energy = check_doubles(LANES);
    double *expected_delay = check_doubles(LANES), *expected_energy = check_doubles(LANES);
    for (long i = 0; i < LANES; i++)
        cost(&t, &lanes, i, (long)quick[2][i], ratios[STEPS - 1], &expected_delay[i], &expected_energy[i]);
    kerf_fleet_evaluate(&t.cuts, quick[2], LANES, &lanes, delay, energy);
    check_close_double("delay at the highest frequency", LANES, delay, expected_delay, 1e-14);
    check_close_double("energy at the highest frequency", LANES, energy, expected_energy, 1e-14);
}

void check_fleet(void) {
    channel();
    for (int kind = 0; kind < 4; kind++)
        for (int weight = 1; weight < 10; weight += 4) decide(weight / 10.0, kind % 2 == 0, kind / 2 == 1);
}
