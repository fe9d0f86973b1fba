#include "parallel.h"

struct rope {
    long sequence, heads, half;
    const float *cosine, *sine;
    float sign;
    float *x;
};

KERF_CLONES static void rotate_rows(const void *arguments, long begin, long end) {
    const struct rope *rope = arguments;
    const long half = rope->half;
    for (long token = begin; token < end; token++) {
        const float *cosine = rope->cosine + token % rope->sequence * half;
        const float *sine = rope->sine + token % rope->sequence * half;
        for (long head = 0; head < rope->heads; head++) {
            float *restrict first = rope->x + (token * rope->heads + head) * 2 * half;
            float *restrict second = first + half;
            for (long i = 0; i < half; i++) {
                const float s = rope->sign * sine[i];
                const float a = first[i], b = second[i];
                first[i] = a * cosine[i] - b * s;
                second[i] = b * cosine[i] + a * s;
            }
        }
    }
}

void kerf_rope(int threads, long tokens, long sequence, long heads, long head_size, const float *cosine,
               const float *sine, bool inverse, float *x) {
    struct rope rope = {sequence, heads, head_size / 2, cosine, sine, inverse ? -1.0f : 1.0f, x};
    kerf_for_rows(threads, tokens, rotate_rows, &rope);
}
