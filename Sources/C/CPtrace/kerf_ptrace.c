#define _GNU_SOURCE
#include "kerf_ptrace.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

static int result(long value) { return value == -1 ? errno : 0; }

int kerf_trace_seize(pid_t thread) { return result(ptrace(PTRACE_SEIZE, thread, NULL, NULL)); }

int kerf_trace_interrupt(pid_t thread) { return result(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL)); }

int kerf_trace_resume(pid_t thread, int signal) {
    return result(ptrace(PTRACE_CONT, thread, NULL, (void *)(intptr_t)signal));
}

int kerf_trace_wait_for_continue(pid_t thread) { return result(ptrace(PTRACE_LISTEN, thread, NULL, NULL)); }

int kerf_trace_detach(pid_t thread) { return result(ptrace(PTRACE_DETACH, thread, NULL, NULL)); }

/// Source: ptrace(2), "Stopped states": with PTRACE_SEIZE an interrupt, and the end of a group-stop, are reported as
/// PTRACE_EVENT_STOP with SIGTRAP, and a group-stop with the stopping signal. Without options there is no other event.
kerf_trace_event kerf_trace_poll(pid_t thread, int *signal) {
    int status = 0;
    pid_t found;
    do {
        found = waitpid(thread, &status, __WALL | WNOHANG);
    } while (found == -1 && errno == EINTR);
    if (found == 0) return KERF_TRACE_NOTHING;
    if (found == -1 || !WIFSTOPPED(status)) return KERF_TRACE_GONE;
    if (status >> 16 == PTRACE_EVENT_STOP) {
        return WSTOPSIG(status) == SIGTRAP ? KERF_TRACE_STOPPED : KERF_TRACE_JOB_STOPPED;
    }
    *signal = WSTOPSIG(status);
    return KERF_TRACE_SIGNAL;
}

void kerf_trace_sleep(int64_t nanoseconds) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    // Where it is not blocked, the signal would be discarded and not end the sleep.
    pthread_sigmask(SIG_BLOCK, &child, NULL);
    if (nanoseconds <= 0) return;
    struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    sigtimedwait(&child, NULL, &timeout);
}

void kerf_trace_permit(pid_t tracer) {
    // Fails where the kernel has no Yama, which then needs no permission.
    prctl(PR_SET_PTRACER, (unsigned long)tracer, 0, 0, 0);
}
