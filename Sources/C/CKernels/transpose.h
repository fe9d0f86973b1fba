#pragma once

#include "vector.h"

// Rows i and i + distance exchange those parts of `distance` elements that a transposition moves; FIRST and SECOND say
// which elements of both each row then has.
#define EXCHANGE(row, distance, FIRST, SECOND)                        \
    do {                                                              \
        const kerf_bits a_ = (row)[0], b_ = (row)[distance];          \
        (row)[0] = __builtin_shufflevector(a_, b_, FIRST);            \
        (row)[distance] = __builtin_shufflevector(a_, b_, SECOND);    \
    } while (0)
#define FIRST_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define SECOND_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define FIRST_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define SECOND_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define FIRST_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define SECOND_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define FIRST_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define SECOND_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31

// Transposes 16 x 16 elements of 32 bits: exchanges halves of the square, then of its halves, and so on.
KERF_INLINE void kerf_transpose_square(kerf_bits *r) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) EXCHANGE(r + i, 8, FIRST_8, SECOND_8);
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++)
        if (i % 8 < 4) EXCHANGE(r + i, 4, FIRST_4, SECOND_4);
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++)
        if (i % 4 < 2) EXCHANGE(r + i, 2, FIRST_2, SECOND_2);
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++)
        if (i % 2 < 1) EXCHANGE(r + i, 1, FIRST_1, SECOND_1);
}
