/// Stops and resumes the threads of another process.
///
/// ptrace(2) and prctl(2) are variadic, which Swift cannot call. Unlike SIGSTOP, a stop of ptrace is seen by the tracer
/// alone: no shell takes it for a stopped job. When the tracer ends, however it ends, the kernel resumes every thread.
///
/// All calls for a thread come from the one thread that seized it.
#ifndef KERF_PTRACE_H
#define KERF_PTRACE_H

#include <stdint.h>
#include <sys/types.h>

/// What a traced thread has done since the last call.
typedef enum {
    /// Nothing: it runs or sleeps, or it is stopped as before.
    KERF_TRACE_NOTHING = 0,
    /// It stopped because it was interrupted.
    KERF_TRACE_STOPPED,
    /// It stopped because a signal is to be delivered: resume it with that signal.
    KERF_TRACE_SIGNAL,
    /// Its process was stopped by a signal (Ctrl-Z): it waits for SIGCONT.
    KERF_TRACE_JOB_STOPPED,
    /// It has ended, or is no longer traced.
    KERF_TRACE_GONE,
} kerf_trace_event;

/// Starts to trace a thread, which keeps running. Returns 0, or errno.
int kerf_trace_seize(pid_t thread);

/// Asks a thread to stop; ``kerf_trace_poll`` reports that it has. Returns 0, or errno.
int kerf_trace_interrupt(pid_t thread);

/// Lets a stopped thread run, with a signal or with none (0). Returns 0, or errno.
int kerf_trace_resume(pid_t thread, int signal);

/// Leaves a thread whose process was stopped as it is, until SIGCONT. Returns 0, or errno.
int kerf_trace_wait_for_continue(pid_t thread);

/// Ends the tracing of a stopped thread, which then runs. Returns 0, or errno.
int kerf_trace_detach(pid_t thread);

/// What a thread did since the last call. Does not wait.
///
/// - Parameter signal: receives the signal's number with `KERF_TRACE_SIGNAL`.
kerf_trace_event kerf_trace_poll(pid_t thread, int *signal);

/// Sleeps for a time, or until a traced thread stops or ends.
///
/// SIGCHLD, by which the kernel tells the tracer, is blocked in the calling thread from then on.
void kerf_trace_sleep(int64_t nanoseconds);

/// Permits one process to trace this one where only ancestors may (Yama, ptrace_scope 1); 0 for none.
void kerf_trace_permit(pid_t tracer);

#endif
