#include "kerf_onednn.h"

#include <dnnl.h>
#include <dnnl_debug.h>
#include <string.h>

#if defined(__aarch64__)
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif

struct kerf_onednn_version kerf_onednn_version(void) {
    const dnnl_version_t *version = dnnl_version();
    return (struct kerf_onednn_version){version->major, version->minor, version->patch};
}

#if defined(__aarch64__)

// oneDNN's interface has names of x86 only, and answers with one of them on any processor. These are its own names of the
// kernels it has for Arm.
const char *kerf_onednn_instruction_set(void) {
    static _Thread_local char name[16];
    const int length = getauxval(AT_HWCAP) & HWCAP_SVE ? prctl(PR_SVE_GET_VL) : -1;
    if (length < 0) return "asimd";
    snprintf(name, sizeof name, "sve_%d", 8 * (length & PR_SVE_VL_LEN_MASK));
    return name;
}

static bool has_bf16_instructions(void) { return getauxval(AT_HWCAP2) & HWCAP2_BF16; }

#else

const char *kerf_onednn_instruction_set(void) {
    const char *name = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa());
    return strncmp(name, "cpu_isa_", 8) == 0 ? name + 8 : name;
}

// An instruction set is a mask of bits that has those of the sets which it extends.
static bool includes(dnnl_cpu_isa_t set, dnnl_cpu_isa_t part) { return ((unsigned)set & (unsigned)part) == (unsigned)part; }

static bool has_bf16_instructions(void) {
    const dnnl_cpu_isa_t set = dnnl_get_effective_cpu_isa();
    if (includes(set, dnnl_cpu_isa_avx512_core_bf16)) return true;
#if DNNL_VERSION_MAJOR >= 3
    return includes(set, dnnl_cpu_isa_avx2_vnni_2);
#else
    return false;
#endif
}

#endif

bool kerf_onednn_multiplies_bf16(void) {
    const struct kerf_onednn_shape shape = {
        .m = 64, .n = 64, .k = 64, .source = KERF_ONEDNN_BF16, .destination = KERF_ONEDNN_F32, .packed = true};
    kerf_onednn_product *product = NULL;
    if (!has_bf16_instructions() || kerf_onednn_product_create(&product, &shape, 1) != 0) return false;
    const bool is_plain = strncmp(kerf_onednn_implementation(product), "ref", 3) == 0;
    kerf_onednn_product_destroy(product);
    return !is_plain;
}

bool kerf_onednn_uses_openmp(void) { return dnnl_version()->cpu_runtime == DNNL_RUNTIME_OMP; }

const char *kerf_onednn_status(int status) { return dnnl_status2str((dnnl_status_t)status); }
