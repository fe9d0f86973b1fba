// Makes the reads of chosen files go wrong in a program that preloads this library, for tests of its probes.
//
//   KERF_FAULT_PATH   part of the file's path, after the links in it are resolved
//   KERF_FAULT_SINCE  reads succeed until the program has written this to standard error: its progress tells how far it
//                     is, however fast the machine
//   KERF_FAULT_KIND   what the reads after that give:
//     vanish      ENODEV, as sysfs answers for an attribute whose device has gone
//     eio eagain  that error, every time
//     busy        EBUSY, which writes are answered too, as cpufreq answers for processors off line
//     permission  EPERM, as for a capability that was taken away
//     garbage     text that is no number
//     shorter     the first third of what is there
//     late        for 100 ms after a write of it a number that was not written, as cpufreq shows the old limit until its
//                 work queue has run
//     empty       nothing
//     negative    a negative number
//     segfault    nothing any more: the program writes to a wild pointer,
//     abort       aborts,
//     trap        or runs into an instruction that does not exist, as Swift does when a precondition fails
//
//   KERF_FAULT_HIDE   part of the paths of files that are reported as absent, so that the load of a busy machine does not
//                     disturb the windows of a test of something else
//
// An attribute is read by pread on a held descriptor, so that is what is wrapped, and write for its refusal and to see
// the progress.
// pmu.c stands in for the counters of a PMU.

#define _GNU_SOURCE
#include "kerf_fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

typedef ssize_t (*pread_call)(int, void *, size_t, off_t);
typedef ssize_t (*write_call)(int, const void *, size_t);

static atomic_int has_begun;
// When a chosen file was written last, in milliseconds of the monotonic clock; 0 before that.
static atomic_llong last_write;

static long long milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

int kerf_fault_has_begun(void) { return !getenv("KERF_FAULT_SINCE") || atomic_load(&has_begun); }

static int is_chosen(int descriptor) {
    const char *part = getenv("KERF_FAULT_PATH");
    if (!part || !kerf_fault_has_begun()) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count <= 0) return 0;
    path[count] = 0;
    return strstr(path, part) != NULL;
}

static ssize_t give(void *buffer, size_t room, const char *text) {
    size_t count = strlen(text) < room ? strlen(text) : room;
    memcpy(buffer, text, count);
    return (ssize_t)count;
}

static ssize_t fail(int error) {
    errno = error;
    return -1;
}

static ssize_t read_wrongly(const char *kind, void *buffer, size_t room, ssize_t count, off_t offset) {
    if (!strcmp(kind, "segfault")) *(volatile int *)16 = 0;
    if (!strcmp(kind, "abort")) abort();
    if (!strcmp(kind, "trap")) __builtin_trap();
    if (!strcmp(kind, "vanish")) return fail(ENODEV);
    if (!strcmp(kind, "eio")) return fail(EIO);
    if (!strcmp(kind, "eagain")) return fail(EAGAIN);
    if (!strcmp(kind, "busy")) return fail(EBUSY);
    if (!strcmp(kind, "permission")) return fail(EPERM);
    // Every file ends, one of rubbish too.
    if (offset > 0) return 0;
    if (!strcmp(kind, "late"))
        return milliseconds() < atomic_load(&last_write) + 100 ? give(buffer, room, "123456\n") : count;
    if (!strcmp(kind, "garbage")) return give(buffer, room, "no number here\n");
    if (!strcmp(kind, "negative")) return give(buffer, room, "-123456\n");
    if (!strcmp(kind, "empty")) return 0;
    // shorter: digits are cut, and what is left may still be a number.
    ssize_t digits = 0;
    while (digits < count && ((const char *)buffer)[digits] > ' ') digits++;
    return digits < 3 ? 0 : digits / 3;
}

static ssize_t faulty_pread(pread_call real, int descriptor, void *buffer, size_t room, off_t offset) {
    ssize_t count = real(descriptor, buffer, room, offset);
    return kerf_fault_on_read(descriptor, buffer, room, count, offset);
}

ssize_t kerf_fault_on_read(int descriptor, void *buffer, size_t room, ssize_t count, off_t offset) {
    const char *kind = getenv("KERF_FAULT_KIND");
    if (!kind || count < 0 || !is_chosen(descriptor)) return count;
    return read_wrongly(kind, buffer, room, count, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    const char *since = getenv("KERF_FAULT_SINCE");
    if (descriptor == STDERR_FILENO && since && memmem(bytes, count, since, strlen(since))) atomic_store(&has_begun, 1);
    const char *kind = getenv("KERF_FAULT_KIND");
    if (kind && !strcmp(kind, "busy") && is_chosen(descriptor)) return fail(EBUSY);
    if (kind && !strcmp(kind, "late") && is_chosen(descriptor)) atomic_store(&last_write, milliseconds());
    return ((write_call)dlsym(RTLD_NEXT, "write"))(descriptor, bytes, count);
}

// On 64-bit systems both names are one call.
ssize_t pread64(int descriptor, void *buffer, size_t room, off_t offset) {
    static _Atomic(pread_call) real;
    pread_call call = atomic_load(&real);
    if (!call) atomic_store(&real, call = (pread_call)dlsym(RTLD_NEXT, "pread64"));
    return faulty_pread(call, descriptor, buffer, room, offset);
}

ssize_t pread(int descriptor, void *buffer, size_t room, off_t offset) {
    return pread64(descriptor, buffer, room, offset);
}
