#pragma once

#include <stdint.h>

// Number formats of tensors on the wire. All loops run on the calling thread and are written so that the compiler
// vectorizes them for every instruction set.

// y = x in bf16: the upper half of an f32, rounded to nearest, ties to even. A NaN stays one, an infinity too.
void kerf_wire_bf16_encode(long count, const float *x, uint16_t *y);
void kerf_wire_bf16_decode(long count, const uint16_t *x, float *y);

// Each row becomes q = round(x / scale), scale = max |x| / 127, ties to even. A row whose largest value is below 2^-100
// becomes zeros with the scale 0. x, q: [rows, columns]; scales: [rows].
// Returns the first row that has a NaN or an infinity, or -1. What is written after such a row is undefined.
long kerf_wire_int8_encode(long rows, long columns, const float *x, float *scales, int8_t *q);

// x = q * scale. Returns the first row whose scale is negative or not finite, or -1.
long kerf_wire_int8_decode(long rows, long columns, const float *scales, const int8_t *q, float *x);
