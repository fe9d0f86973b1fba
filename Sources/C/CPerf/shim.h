#pragma once

// perf_event_open has no wrapper in libc, and Swift does not import the attribute's bit fields.
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Opens a system-wide counter of an event on one CPU. Source: perf_event_open(2).
///
/// Returns the descriptor, or the negative error number.
static inline int kerf_perf_open(unsigned type, unsigned long long config, int cpu) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = type;
    attributes.config = config;
    long descriptor = syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    return descriptor < 0 ? -errno : (int)descriptor;
}
