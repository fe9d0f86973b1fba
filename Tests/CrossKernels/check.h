#pragma once

#include "kerf_kernels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Checks of C kernels against plain loops in double, for processors that the tests in Swift do not run on. The program
// needs libgomp and the C library only, so that it can be compiled for another processor and run by an emulator; see
// Scripts/test-aarch64-kernels.sh.

// ---- Groups and cases

struct check_group {
    const char *name;
    void (*run)(void);
};

// Runs a group and prints one line about it. Returns the number of comparisons that failed.
int check_run(const struct check_group *group);

// Begins a case, whose text is printed where a comparison fails. Memory of the case before is freed.
__attribute__((format(printf, 1, 2))) void check_case(const char *format, ...);

// ---- Memory of a case

// Starts at a cache line and is filled with NaN, in every format. A write before or behind it fails the case.
void *check_memory(size_t bytes);
float *check_floats(long count);
double *check_doubles(long count);

// Numbers from -1 up to 1, the same for the same seed.
float *check_values(long count, uint64_t seed);

// ---- Formats

size_t check_format_bytes(enum kerf_format format);
const char *check_format_name(enum kerf_format format);

// bf16 of a number, rounded to nearest, ties to even; a NaN stays one.
uint16_t check_bf16(float x);

// The numbers in a format; x takes the values that the format holds.
void *check_stored(long count, float *x, enum kerf_format format);
const float *check_read(long count, const void *stored, enum kerf_format format);

// ---- Comparisons

// The largest difference, as a part of the largest expected magnitude. Infinite where a result is no number.
double check_largest_error(long count, const float *result, const double *expected);
double check_largest_error_double(long count, const double *result, const double *expected);

// Fails where the error is above its limit, or no number.
void check_error(const char *what, double error, double limit);
void check_close(const char *what, long count, const float *result, const double *expected, double limit);
void check_close_double(const char *what, long count, const double *result, const double *expected, double limit);
void check_same(const char *what, size_t bytes, const void *result, const void *expected);
void check_that(const char *what, bool holds);
