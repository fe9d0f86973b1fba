/// Replaces this process by a program that ends with its parent.
///
/// prctl(2) is variadic, which Swift cannot call, and posix_spawn(3) has no attribute for PR_SET_PDEATHSIG. So a child
/// that Kerf starts sets it for itself, and then becomes the program.
#ifndef KERF_EXEC_H
#define KERF_EXEC_H

#include <sys/types.h>

/// From now on this process is killed when the thread ends that started it, and it becomes `arguments[0]`, with default
/// handling of signals. Where the parent has gone already, it ends at once.
///
/// Returns errno where the program cannot be run.
int kerf_exec_with_parent(pid_t parent, char *const arguments[]);

#endif
