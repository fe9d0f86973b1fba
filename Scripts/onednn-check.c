// Checks COneDNN with whatever oneDNN it is linked to: products in both directions, layouts and formats, writing and
// adding both ways, against sums in double. Small whole numbers are exact in bf16. Prints the version, or what is wrong.
#include "kerf_onednn.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { M = 33, N = 70, K = 40, THREADS = 2 };

static float number(long i) { return (float)(i * 7 % 17 - 8); }

static uint16_t upper_half(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(bits >> 16);
}

static int check(struct kerf_onednn_shape shape) {
    kerf_onednn_product *product = NULL;
    int status = kerf_onednn_product_create(&product, &shape, THREADS);
    if (status != 0) return printf("create: %s\n", kerf_onednn_status(status)), 1;
    float weight[N * K], x[M * K], y[M * N], base[M * N];
    uint16_t halves[M * K];
    for (long i = 0; i < N * K; i++) weight[i] = number(3 * i + 1);
    for (long i = 0; i < M * N; i++) base[i] = number(5 * i + 2);
    for (long i = 0; i < M * K; i++) halves[i] = upper_half(x[i] = number(i));
    void *packed = aligned_alloc(64, (kerf_onednn_weight_bytes(product) + 127) / 64 * 64);
    void *scratch = aligned_alloc(64, (kerf_onednn_scratch_bytes(product) + 127) / 64 * 64);
    status = kerf_onednn_pack(product, weight, packed);
    const void *source = shape.source == KERF_ONEDNN_BF16 ? (const void *)halves : (const void *)x;
    // Added to nothing and to what is there, then to what lies elsewhere.
    float written[M * N];
    if (status == 0) status = kerf_onednn_product_run(product, THREADS, source, packed, NULL, written, scratch);
    if (status == 0) status = kerf_onednn_product_run(product, THREADS, source, packed, written, written, scratch);
    if (status == 0) status = kerf_onednn_product_run(product, THREADS, source, packed, base, y, scratch);
    int wrong = 0;
    for (long i = 0; i < M && status == 0; i++)
        for (long j = 0; j < N; j++) {
            double sum = 0;
            for (long k = 0; k < K; k++) sum += x[i * K + k] * weight[shape.transposed ? j * K + k : k * N + j];
            wrong += fabs(written[i * N + j] - 2 * sum) > 1e-3 || fabs(y[i * N + j] - base[i * N + j] - sum) > 1e-3;
        }
    if (status != 0) printf("run: %s\n", kerf_onednn_status(status));
    if (wrong) printf("%d of %d elements wrong\n", wrong, M * N);
    free(packed);
    free(scratch);
    kerf_onednn_product_destroy(product);
    return status != 0 || wrong != 0;
}

int main(void) {
    const struct kerf_onednn_version version = kerf_onednn_version();
    const char *instructions = kerf_onednn_instruction_set();
    int failures = 0, products = 0;
    for (int bf16 = 0; bf16 <= kerf_onednn_multiplies_bf16(); bf16++)
        for (int transposed = 0; transposed < 2; transposed++)
            for (int packed = 0; packed < 2; packed++, products++)
                failures += check((struct kerf_onednn_shape){.m = M, .n = N, .k = K,
                                                             .source = bf16 ? KERF_ONEDNN_BF16 : KERF_ONEDNN_F32,
                                                             .destination = KERF_ONEDNN_F32,
                                                             .transposed = transposed, .packed = packed});
    printf("oneDNN %d.%d.%d (%s): %d of %d products right\n", version.major, version.minor, version.patch, instructions,
           products - failures, products);
    return failures != 0;
}
