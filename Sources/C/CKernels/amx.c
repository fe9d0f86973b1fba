#include "amx.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

bool kerf_has_amx(void) {
    // The kernel must be asked for the registers' state (Documentation/arch/x86/xstate.rst).
    enum { LEAF = 7, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, BF16 = 1 << 22, TILE = 1 << 24 };
    static _Atomic int known; // 0: not asked yet
    if (known == 0) {
        unsigned a, b, c, d;
        const bool has = __get_cpuid_count(LEAF, 0, &a, &b, &c, &d) && (d & BF16) && (d & TILE)
            && __builtin_cpu_supports("avx512bf16") && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
        known = has ? 1 : -1;
    }
    return known > 0;
}

#else

bool kerf_has_amx(void) { return false; }

#endif
