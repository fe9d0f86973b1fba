#include "parallel.h"

#include <string.h>

struct addition {
    const float *a, *b;
    float *y;
};

KERF_CLONES static void add_rows(const void *arguments, long begin, long end) {
    const struct addition *addition = arguments;
    const float *a = addition->a, *b = addition->b;
    float *y = addition->y;
    for (long i = begin; i < end; i++) y[i] = a[i] + b[i];
}

void kerf_add(int threads, long count, const float *a, const float *b, float *y) {
    struct addition addition = {a, b, y};
    kerf_for_rows(threads, count, add_rows, &addition);
}

struct gather {
    long width;
    const float *table;
    const int32_t *tokens;
    float *y;
};

static void gather_rows(const void *arguments, long begin, long end) {
    const struct gather *gather = arguments;
    const long width = gather->width;
    for (long row = begin; row < end; row++)
        memcpy(gather->y + row * width, gather->table + gather->tokens[row] * width, (size_t)width * sizeof(float));
}

void kerf_embedding_gather(int threads, long rows, long width, const float *table, const int32_t *tokens, float *y) {
    struct gather gather = {width, table, tokens, y};
    kerf_for_rows(threads, rows, gather_rows, &gather);
}

struct groups {
    long groups, group, size;
    const float *x;
    float *y;
};

KERF_CLONES static void sum_group_rows(const void *arguments, long begin, long end) {
    const struct groups *a = arguments;
    const long size = a->size;
    for (long cell = begin * a->groups; cell < end * a->groups; cell++) {
        const float *x = a->x + cell * a->group * size;
        float *restrict y = a->y + cell * size;
        memcpy(y, x, (size_t)size * sizeof(float));
        for (long j = 1; j < a->group; j++)
            for (long i = 0; i < size; i++) y[i] += x[j * size + i];
    }
}

void kerf_sum_groups(int threads, long rows, long groups, long group, long size, const float *x, float *y) {
    struct groups arguments = {groups, group, size, x, y};
    kerf_for_rows(threads, rows, sum_group_rows, &arguments);
}
