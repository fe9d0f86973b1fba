#include "parallel.h"
#include "vector.h"

struct copy {
    const float *x;
    void *y;
};

KERF_INLINE void copy(const struct copy *copy, long begin, long end, enum kerf_format format) {
    kerf_vector v;
    for (long i = begin; i < end; i += KERF_LANES) {
        const long lanes = kerf_step(i, end);
        kerf_load(&v, copy->x + i, lanes);
        kerf_store_format(copy->y, i, &v, lanes, format);
    }
}
KERF_FORMATS(copy)

void kerf_copy(int threads, long count, const float *x, enum kerf_format format, void *y) {
    struct copy arguments = {x, y};
    kerf_for_rows(threads, count, copy_of(format), &arguments);
}

struct repeated {
    long width;
    const float *bias;
    void *y;
};

KERF_INLINE void repeat(const struct repeated *a, long begin, long end, enum kerf_format format) {
    kerf_vector v;
    for (long row = begin; row < end; row++)
        for (long i = 0; i < a->width; i += KERF_LANES) {
            const long lanes = kerf_step(i, a->width);
            kerf_load(&v, a->bias + i, lanes);
            kerf_store_format(a->y, row * a->width + i, &v, lanes, format);
        }
}
KERF_FORMATS(repeat)

void kerf_repeat_row(int threads, long rows, long width, const float *bias, enum kerf_format format, void *y) {
    struct repeated arguments = {width, bias, y};
    kerf_for_rows(threads, rows, repeat_of(format), &arguments);
}

struct gather {
    long width;
    const void *table;
    const int32_t *tokens;
    float *y;
};

KERF_INLINE void gather(const struct gather *gather, long begin, long end, enum kerf_format format) {
    const long width = gather->width;
    kerf_vector v;
    for (long row = begin; row < end; row++) {
        const long from = gather->tokens[row] * width;
        for (long i = 0; i < width; i += KERF_LANES) {
            const long lanes = kerf_step(i, width);
            kerf_load_format(&v, gather->table, from + i, lanes, format);
            kerf_store(gather->y + row * width + i, &v, lanes);
        }
    }
}
KERF_FORMATS(gather)

void kerf_embedding_gather(int threads, long rows, long width, enum kerf_format format, const void *table,
                           const int32_t *tokens, float *y) {
    struct gather arguments = {width, table, tokens, y};
    kerf_for_rows(threads, rows, gather_of(format), &arguments);
}

struct groups {
    long groups, group, size;
    const float *x;
    void *y;
};

KERF_INLINE void sum_group(kerf_vector *sum, const float *x, long group, long size, long lanes) {
    kerf_vector v;
    kerf_load(sum, x, lanes);
    for (long j = 1; j < group; j++) {
        kerf_load(&v, x + j * size, lanes);
        *sum += v;
    }
}

KERF_INLINE void sum_groups(const struct groups *a, long begin, long end, enum kerf_format format) {
    const long size = a->size;
    kerf_vector sum;
    for (long cell = begin * a->groups; cell < end * a->groups; cell++) {
        const float *x = a->x + cell * a->group * size;
        for (long i = 0; i < size; i += KERF_LANES) {
            const long lanes = kerf_step(i, size);
            // A constant number of lanes, so that no load in the inner loop branches.
            if (lanes == KERF_LANES) sum_group(&sum, x + i, a->group, size, KERF_LANES);
            else sum_group(&sum, x + i, a->group, size, lanes);
            kerf_store_format(a->y, cell * size + i, &sum, lanes, format);
        }
    }
}
KERF_FORMATS(sum_groups)

void kerf_sum_groups(int threads, long rows, long groups, long group, long size, const float *x,
                     enum kerf_format format, void *y) {
    struct groups arguments = {groups, group, size, x, y};
    kerf_for_rows(threads, rows, sum_groups_of(format), &arguments);
}
