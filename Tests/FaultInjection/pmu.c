// Stands in for the kernel's `power` PMU in a program that preloads this library, since no virtual machine has one.
//
//   KERF_FAULT_PMU    a directory that describes the PMU: it is found where the kernel shows the real one, and a counter
//                     that is opened counts ten for each nanosecond, updated every millisecond. With the
//                     fault `permission` it cannot be opened
//
// Counters are anonymous files, named kerf-pmu so that KERF_FAULT_PATH can choose them. Here too is KERF_FAULT_HIDE.

#define _GNU_SOURCE
#include "kerf_fault.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char real_place[] = "/sys/bus/event_source/devices/power";

/// Where a path leads to: elsewhere for the PMU's, to nowhere for a hidden one.
static const char *redirected(const char *path, char *room) {
    const char *hidden = getenv("KERF_FAULT_HIDE"), *pmu = getenv("KERF_FAULT_PMU");
    if (hidden && path && strstr(path, hidden)) return "/nonexistent/hidden";
    size_t length = sizeof real_place - 1;
    if (!pmu || !path || strncmp(path, real_place, length) || (path[length] && path[length] != '/')) return path;
    snprintf(room, PATH_MAX, "%s%s", pmu, path + length);
    return room;
}

static int open_redirected(const char *path, int flags, mode_t mode) {
    char room[PATH_MAX];
    return openat(AT_FDCWD, redirected(path, room), flags, mode);
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_redirected(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_redirected(path, flags | O_LARGEFILE, mode);
}

int stat(const char *path, struct stat *information) {
    char room[PATH_MAX];
    return fstatat(AT_FDCWD, redirected(path, room), information, 0);
}

DIR *opendir(const char *path) {
    char room[PATH_MAX];
    return ((DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir"))(redirected(path, room));
}

typedef long (*system_call)(long, ...);

/// perf_event_open(2), which has no wrapper in libc.
long syscall(long number, ...) {
    long value[6];
    va_list arguments;
    va_start(arguments, number);
    for (int index = 0; index < 6; index++) value[index] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_perf_event_open && getenv("KERF_FAULT_PMU")) {
        const char *kind = getenv("KERF_FAULT_KIND");
        if (!kind || strcmp(kind, "permission") || !kerf_fault_has_begun()) return memfd_create("kerf-pmu", MFD_CLOEXEC);
        errno = EACCES;
        return -1;
    }
    return ((system_call)dlsym(RTLD_NEXT, "syscall"))(
        number, value[0], value[1], value[2], value[3], value[4], value[5]);
}

static int is_counter(int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count <= 0) return 0;
    path[count] = 0;
    return strstr(path, "/memfd:kerf-pmu") != NULL;
}

ssize_t read(int descriptor, void *buffer, size_t room) {
    if (!getenv("KERF_FAULT_PMU") || room < sizeof(uint64_t) || !is_counter(descriptor)) {
        return ((ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read"))(descriptor, buffer, room);
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t count = ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) * 10000000;
    memcpy(buffer, &count, sizeof count);
    return kerf_fault_on_read(descriptor, buffer, room, sizeof count, 0);
}
