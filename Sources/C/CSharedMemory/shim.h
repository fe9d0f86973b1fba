#pragma once

// The C library declares these under _GNU_SOURCE only, which Swift's module of it does not have, and the kernel's header
// of the seals cannot be included beside <fcntl.h>.
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/syscall.h>
#include <unistd.h>

// Memory without a name in a file system (memfd_create(2)), whose size nobody can change: a program that shortened it would
// end the one that reads it with SIGBUS.
//
// Returns the descriptor, closed on exec, or -1 with errno.
static inline int kerf_shared_memory(const char *name, long bytes) {
    int descriptor = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) {
        return -1;
    }
    const int add_seals = 1024 + 9, seal_shrink = 2, seal_grow = 4; // include/uapi/linux/fcntl.h
    if (ftruncate(descriptor, bytes) != 0 || fcntl(descriptor, add_seals, seal_shrink | seal_grow) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}
