#include "check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, UNTOUCHED = 0xa5, SHOWN_FAILURES = 10 };

struct memory {
    struct memory *next;
    unsigned char *start;  // one line before what the case gets
    size_t bytes;
};

static struct {
    const char *group;
    char text[160];
    struct memory *memory;
    long comparisons, failures;
    double largest;  // error, as a part of its limit
} state;

static void fail(const char *what, double error, double limit) {
    if (++state.failures > SHOWN_FAILURES) return;
    printf("  WRONG %s, %s: %s", state.group, state.text, what);
    if (limit > 0) printf(": error %.3g, limit %.3g", error, limit);
    printf("\n");
}

// ---- Memory

static size_t padded(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

static void *allocated(size_t bytes) {
    void *memory = aligned_alloc(LINE, padded(bytes));
    if (memory) return memory;
    fprintf(stderr, "no memory for %zu bytes\n", bytes);
    exit(2);
}

void *check_memory(size_t bytes) {
    struct memory *memory = allocated(sizeof *memory);
    const size_t whole = LINE + padded(bytes) + LINE;
    *memory = (struct memory){state.memory, allocated(whole), bytes};
    memset(memory->start, UNTOUCHED, whole);
    memset(memory->start + LINE, 0xff, bytes);
    state.memory = memory;
    return memory->start + LINE;
}

float *check_floats(long count) { return check_memory((size_t)count * sizeof(float)); }
double *check_doubles(long count) { return check_memory((size_t)count * sizeof(double)); }

static bool is_untouched(const unsigned char *from, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        if (from[i] != UNTOUCHED) return false;
    return true;
}

static void free_memory(void) {
    while (state.memory) {
        struct memory *memory = state.memory;
        const size_t behind = LINE + padded(memory->bytes) - memory->bytes;
        if (!is_untouched(memory->start, LINE)) fail("written before memory", 0, 0);
        if (!is_untouched(memory->start + LINE + memory->bytes, behind)) fail("written behind memory", 0, 0);
        state.memory = memory->next;
        free(memory->start);
        free(memory);
    }
}

float *check_values(long count, uint64_t seed) {
    float *values = check_floats(count);
    uint64_t number = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (long i = 0; i < count; i++) {
        // Knuth's linear congruential generator, of which the upper bits are used.
        number = number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        values[i] = (float)((double)(number >> 40) * 0x1p-23 - 1);
    }
    return values;
}

// ---- Formats

size_t check_format_bytes(enum kerf_format format) { return format == KERF_F32 ? 4 : 2; }
const char *check_format_name(enum kerf_format format) { return format == KERF_F32 ? "f32" : "bf16"; }

uint16_t check_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t upper = bits >> 16, lower = bits & 0xffff;
    if (x != x) return (uint16_t)(upper | 0x40);
    const bool up = lower > 0x8000 || (lower == 0x8000 && upper % 2 == 1);
    return (uint16_t)(upper + up);
}

static float widened(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

void *check_stored(long count, float *x, enum kerf_format format) {
    if (format == KERF_F32) return x;
    uint16_t *halves = check_memory((size_t)count * sizeof *halves);
    for (long i = 0; i < count; i++) {
        halves[i] = check_bf16(x[i]);
        x[i] = widened(halves[i]);
    }
    return halves;
}

const float *check_read(long count, const void *stored, enum kerf_format format) {
    if (format == KERF_F32) return stored;
    float *x = check_floats(count);
    for (long i = 0; i < count; i++) x[i] = widened(((const uint16_t *)stored)[i]);
    return x;
}

// ---- Comparisons

double check_largest_error_double(long count, const double *result, const double *expected) {
    double error = 0, magnitude = 0;
    for (long i = 0; i < count; i++) {
        const double difference = fabs(result[i] - expected[i]);
        if (!isfinite(difference)) return INFINITY;
        error = fmax(error, difference);
        magnitude = fmax(magnitude, fabs(expected[i]));
    }
    return error == 0 ? 0 : error / magnitude;
}

double check_largest_error(long count, const float *result, const double *expected) {
    double *wide = check_doubles(count);
    for (long i = 0; i < count; i++) wide[i] = result[i];
    return check_largest_error_double(count, wide, expected);
}

void check_error(const char *what, double error, double limit) {
    state.comparisons++;
    if (error <= limit) state.largest = fmax(state.largest, error / limit);
    else fail(what, error, limit);
}

void check_close(const char *what, long count, const float *result, const double *expected, double limit) {
    check_error(what, check_largest_error(count, result, expected), limit);
}

void check_close_double(const char *what, long count, const double *result, const double *expected, double limit) {
    check_error(what, check_largest_error_double(count, result, expected), limit);
}

void check_same(const char *what, size_t bytes, const void *result, const void *expected) {
    check_that(what, memcmp(result, expected, bytes) == 0);
}

void check_that(const char *what, bool holds) {
    state.comparisons++;
    if (!holds) fail(what, 0, 0);
}

// ---- Groups

void check_case(const char *format, ...) {
    free_memory();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(state.text, sizeof state.text, format, arguments);
    va_end(arguments);
}

int check_run(const struct check_group *group) {
    state.group = group->name;
    state.comparisons = state.failures = 0;
    state.largest = 0;
    group->run();
    free_memory();
    printf("  %-18s %6ld comparisons, ", group->name, state.comparisons);
    if (state.failures) printf("%ld WRONG\n", state.failures);
    else printf("largest error %2.0f %% of its limit\n", 100 * state.largest);
    fflush(stdout);
    // A group that compares nothing has not run.
    return state.comparisons == 0 ? 1 : (int)state.failures;
}
