#include "parallel.h"
#include "vector.h"

KERF_CLONES void kerf_exp(long count, const float *x, float *y) {
    kerf_vector v;
    for (long i = 0; i < count; i += KERF_LANES) {
        const long lanes = kerf_step(i, count);
        kerf_load(&v, x + i, lanes);
        kerf_vector_exp(&v);
        kerf_store(y + i, &v, lanes);
    }
}

KERF_CLONES void kerf_tanh(long count, const float *x, float *y) {
    kerf_vector v;
    for (long i = 0; i < count; i += KERF_LANES) {
        const long lanes = kerf_step(i, count);
        kerf_load(&v, x + i, lanes);
        kerf_vector_tanh(&v);
        kerf_store(y + i, &v, lanes);
    }
}
