/// Runs a program in private user and mount namespaces.
///
/// Swift cannot fork, and a process with threads (OpenBLAS starts threads when it is loaded) may not enter a user
/// namespace; a new child may.
#ifndef KERF_NAMESPACES_H
#define KERF_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

/// The step that failed.
typedef enum {
    KERF_NAMESPACES_DONE = 0,
    KERF_NAMESPACES_FORK,
    /// unshare(2): the kernel or its settings do not permit user namespaces.
    KERF_NAMESPACES_UNSHARE,
    /// The user ID could not be mapped into the namespace.
    KERF_NAMESPACES_MAP,
    KERF_NAMESPACES_EXEC,
} kerf_namespaces_stage;

/// Starts a program in its own user and mount namespaces, in which it is root over its own mounts only.
///
/// The child ends with this process (PR_SET_PDEATHSIG). It keeps the standard streams.
///
/// - Parameters:
///   - arguments: ends with NULL.
///   - error: receives errno when a stage other than `KERF_NAMESPACES_DONE` is returned.
kerf_namespaces_stage kerf_namespaces_spawn(
    const char *executable, char *const arguments[], pid_t *child, int *error);

/// Drops privileges: this process, and what it executes, can no longer mount, read files without the permission bits for
/// it, or open performance counters, which are those of the real box.
///
/// Returns 0, or errno.
int kerf_namespaces_confine(void);

#endif
