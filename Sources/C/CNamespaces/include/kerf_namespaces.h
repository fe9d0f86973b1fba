/// Leaving this process's view of the system for a private one.
///
/// Swift cannot fork, and a process with threads (OpenBLAS starts its own when it is loaded) may not enter a user
/// namespace; a fresh child may.
#ifndef KERF_NAMESPACES_H
#define KERF_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

/// What could not be done.
typedef enum {
    KERF_NAMESPACES_DONE = 0,
    KERF_NAMESPACES_FORK,
    /// unshare(2): the kernel or its settings do not permit user namespaces.
    KERF_NAMESPACES_UNSHARE,
    /// The user's number could not be mapped into the namespace.
    KERF_NAMESPACES_MAP,
    KERF_NAMESPACES_EXEC,
} kerf_namespaces_stage;

/// Starts a program in a user namespace and a mount namespace of its own, where it is root over its own mounts only.
///
/// The child ends with this process (PR_SET_PDEATHSIG). It keeps the standard streams.
///
/// - Parameters:
///   - arguments: ends with NULL.
///   - error: receives errno when a stage other than `KERF_NAMESPACES_DONE` is returned.
kerf_namespaces_stage kerf_namespaces_spawn(
    const char *executable, char *const arguments[], pid_t *child, int *error);

/// From now on this process, and what it executes, can mount nothing, read no file that its permission bits close, and
/// open no performance counter: the counters are those of the box it runs on, whatever box it is shown.
///
/// Returns 0, or errno.
int kerf_namespaces_confine(void);

#endif
