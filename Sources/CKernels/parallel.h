#pragma once

#include "kerf_kernels.h"

// Clones of a function for the instruction sets that matter here, chosen when the program is loaded.
#if defined(__x86_64__)
#define KERF_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define KERF_CLONES
#endif

// Works on the rows begin ..< end.
typedef void (*kerf_rows)(const void *arguments, long begin, long end);

// Cuts `count` rows into one run for each thread.
void kerf_for_rows(int threads, long count, kerf_rows rows, const void *arguments);
