#include "parallel.h"
#include "vector.h"

struct rope {
    long sequence, heads, head_size, half;
    const float *cosine, *sine;
    void *x;
};

KERF_INLINE void rotate(const struct rope *rope, long begin, long end, enum kerf_format format) {
    const long half = rope->half;
    kerf_vector a, b, c, s;
    for (long token = begin; token < end; token++) {
        const float *cosine = rope->cosine + token % rope->sequence * half;
        const float *sine = rope->sine + token % rope->sequence * half;
        for (long head = 0; head < rope->heads; head++) {
            const long first = (token * rope->heads + head) * rope->head_size;
            const long second = first + half;
            for (long i = 0; i < half; i += KERF_LANES) {
                const long lanes = kerf_step(i, half);
                kerf_load(&c, cosine + i, lanes);
                kerf_load(&s, sine + i, lanes);
                kerf_load_format(&a, rope->x, first + i, lanes, format);
                kerf_load_format(&b, rope->x, second + i, lanes, format);
                const kerf_vector x = a * c - b * s;
                const kerf_vector y = b * c + a * s;
                kerf_store_format(rope->x, first + i, &x, lanes, format);
                kerf_store_format(rope->x, second + i, &y, lanes, format);
            }
        }
    }
}
KERF_FORMATS(rotate)

void kerf_rope(int threads, long tokens, long sequence, long heads, long head_size, long rotated, const float *cosine,
               const float *sine, enum kerf_format format, void *x) {
    struct rope rope = {sequence, heads, head_size, rotated / 2, cosine, sine, x};
    kerf_for_rows(threads, tokens, rotate_of(format), &rope);
}
