#include "kerf_onednn.h"

#include <dnnl.h>
#include <dnnl_debug.h>
#include <string.h>

// libgomp's. The setting belongs to the calling thread, so it is made before each product.
extern void omp_set_num_threads(int threads);
extern int omp_in_parallel(void);

struct kerf_onednn_version kerf_onednn_version(void) {
    const dnnl_version_t *version = dnnl_version();
    return (struct kerf_onednn_version){version->major, version->minor, version->patch};
}

const char *kerf_onednn_instruction_set(void) {
    const char *name = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa());
    return strncmp(name, "cpu_isa_", 8) == 0 ? name + 8 : name;
}

bool kerf_onednn_uses_openmp(void) { return dnnl_version()->cpu_runtime == DNNL_RUNTIME_OMP; }

int kerf_onednn_gemm(int threads, bool transpose_a, bool transpose_b, long m, long n, long k, float alpha,
                     const float *a, long lda, const float *b, long ldb, float beta, float *c, long ldc) {
    if (!omp_in_parallel()) omp_set_num_threads(threads);
    return (int)dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c,
                           ldc);
}

const char *kerf_onednn_status(int status) { return dnnl_status2str((dnnl_status_t)status); }
