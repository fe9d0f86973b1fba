#pragma once

#include <stdbool.h>

#include "kerf_onednn_product.h"

// What Kerf needs of oneDNN, in functions that are the same for version 2 (Debian 12 has 2.6) and version 3. This file
// tells what the library is, kerf_onednn_product.h multiplies.

struct kerf_onednn_version {
    int major, minor, patch;
};
struct kerf_onednn_version kerf_onednn_version(void);

// The widest instruction set that the library will use here, in Intel's words: avx512_core_bf16.
const char *kerf_onednn_instruction_set(void);

// Whether the library shares out its work by OpenMP; only then does it run on libgomp's threads.
bool kerf_onednn_uses_openmp(void);

// oneDNN's word for a status.
const char *kerf_onednn_status(int status);
