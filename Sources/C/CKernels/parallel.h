#pragma once

#include "kerf_kernels.h"

#ifndef __has_feature
#define __has_feature(name) 0
#endif

// Clones of a function for several instruction sets, selected when the program is loaded: before a sanitizer's runtime
// is ready, so that its calls in the code that selects would crash.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer)
#define KERF_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define KERF_CLONES
#endif

// Processes the rows begin ..< end.
typedef void (*kerf_rows)(const void *arguments, long begin, long end);

// Divides `count` rows into one contiguous range for each thread.
void kerf_for_rows(int threads, long count, kerf_rows rows, const void *arguments);

// Defines two instances of a row kernel NAME(arguments, begin, end, format), one for each format of activations, and
// NAME_of, which selects one.
#define KERF_FORMATS(NAME)                                                        \
    KERF_CLONES static void NAME##_f32(const void *arguments, long begin, long end) { \
        NAME(arguments, begin, end, KERF_F32);                                    \
    }                                                                             \
    KERF_CLONES static void NAME##_bf16(const void *arguments, long begin, long end) { \
        NAME(arguments, begin, end, KERF_BF16);                                   \
    }                                                                             \
    static kerf_rows NAME##_of(enum kerf_format format) {                         \
        return format == KERF_BF16 ? NAME##_bf16 : NAME##_f32;                    \
    }
