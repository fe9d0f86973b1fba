#include "kerf_onednn.h"

#include <dnnl.h>
#include <dnnl_debug.h>
#include <string.h>

struct kerf_onednn_version kerf_onednn_version(void) {
    const dnnl_version_t *version = dnnl_version();
    return (struct kerf_onednn_version){version->major, version->minor, version->patch};
}

const char *kerf_onednn_instruction_set(void) {
    const char *name = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa());
    return strncmp(name, "cpu_isa_", 8) == 0 ? name + 8 : name;
}

bool kerf_onednn_uses_openmp(void) { return dnnl_version()->cpu_runtime == DNNL_RUNTIME_OMP; }

const char *kerf_onednn_status(int status) { return dnnl_status2str((dnnl_status_t)status); }
