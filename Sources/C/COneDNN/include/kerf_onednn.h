#pragma once

#include <stdbool.h>

#include "kerf_onednn_product.h"

// The part of oneDNN that Kerf uses, in functions that are the same for version 2 (Debian 12 has 2.6) and version 3. This
// file describes the library; kerf_onednn_product.h has the matrix product.

struct kerf_onednn_version {
    int major, minor, patch;
};
struct kerf_onednn_version kerf_onednn_version(void);

// The widest instruction set that the library uses on this processor, by oneDNN's name: avx512_core_bf16.
const char *kerf_onednn_instruction_set(void);

// Whether the library was built for OpenMP and so runs on libgomp's threads.
bool kerf_onednn_uses_openmp(void);

// oneDNN's name of a status.
const char *kerf_onednn_status(int status);
