#pragma once

#include <stdbool.h>

#include "kerf_onednn_product.h"

// The part of oneDNN that Kerf uses, in functions that are the same for version 2 (Debian 12 has 2.6) and version 3. This
// file describes the library; kerf_onednn_product.h has the matrix product.

struct kerf_onednn_version {
    int major, minor, patch;
};
struct kerf_onednn_version kerf_onednn_version(void);

// The widest instruction set that the library uses on this processor, by oneDNN's name: avx512_core_bf16, sve_256. The names
// change: what version 2 calls avx512_core_fp16 is avx10_1_512 since version 3.7. They are shown, and decide nothing.
const char *kerf_onednn_instruction_set(void);

// Whether the library multiplies bf16 by instructions for it. Without them it refuses a product, takes a plain loop for it,
// or converts every element, which is slower than f32.
bool kerf_onednn_multiplies_bf16(void);

// Whether the library was built for OpenMP and so runs on libgomp's threads.
bool kerf_onednn_uses_openmp(void);

// oneDNN's name of a status.
const char *kerf_onednn_status(int status);
