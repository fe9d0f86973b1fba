#define _GNU_SOURCE
#include "kerf_namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t length = (ssize_t)strlen(text);
    bool done = write(file, text, (size_t)length) == length;
    int error = errno;
    close(file);
    errno = error;
    return done;
}

/// Source: user_namespaces(7): a process may map its own user and group, the group once it has disabled setgroups(2).
static bool map_to_root(uid_t user, gid_t group) {
    char text[64];
    snprintf(text, sizeof text, "0 %u 1", (unsigned)user);
    if (!write_file("/proc/self/uid_map", text)) return false;
    if (!write_file("/proc/self/setgroups", "deny") && errno != ENOENT) return false;
    snprintf(text, sizeof text, "0 %u 1", (unsigned)group);
    return write_file("/proc/self/gid_map", text);
}

/// In the child; returns only when a stage failed.
static kerf_namespaces_stage enter(const char *executable, char *const arguments[], pid_t parent) {
    // Blocked signals would be inherited by a program that does not expect them.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // Ctrl-C at the terminal reaches the parent alone, which forwards it.
    setpgid(0, 0);
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return KERF_NAMESPACES_UNSHARE;
    if (!map_to_root(user, group)) return KERF_NAMESPACES_MAP;
    // After the change of credentials, which clears it.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    execv(executable, arguments);
    return KERF_NAMESPACES_EXEC;
}

kerf_namespaces_stage kerf_namespaces_spawn(
    const char *executable, char *const arguments[], pid_t *child, int *error) {
    int report[2];
    *error = 0;
    if (pipe2(report, O_CLOEXEC) != 0) {
        *error = errno;
        return KERF_NAMESPACES_FORK;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        *error = errno;
        close(report[0]);
        close(report[1]);
        return KERF_NAMESPACES_FORK;
    }
    if (pid == 0) {
        int failure[2];
        failure[0] = (int)enter(executable, arguments, parent);
        failure[1] = errno;
        ssize_t written = write(report[1], failure, sizeof failure);
        _exit(written == sizeof failure ? 1 : 2);
    }
    close(report[1]);
    int failure[2];
    ssize_t count;
    do {
        count = read(report[0], failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count != sizeof failure) {
        // The pipe was closed by a successful exec.
        *child = pid;
        return KERF_NAMESPACES_DONE;
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    *error = failure[1];
    return (kerf_namespaces_stage)failure[0];
}

#if defined(__x86_64__)
#define KERF_AUDIT_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define KERF_AUDIT_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "name this processor's AUDIT_ARCH"
#endif

int kerf_namespaces_confine(void) {
    static const int capabilities[] = {CAP_SYS_ADMIN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH};
    for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++) {
        if (prctl(PR_CAPBSET_DROP, capabilities[i], 0, 0, 0) != 0) return errno;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KERF_AUDIT_ARCHITECTURE, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) return errno;
    return 0;
}
