#pragma once

// libsensors ships no pkg-config file, so the module map names the library itself.
#include <sensors/error.h>
#include <sensors/sensors.h>

/// `libsensors_version` is a mutable C global, which Swift 6 refuses to read as not concurrency-safe.
static inline const char *kerf_libsensors_version(void) { return libsensors_version; }

static inline void kerf_libsensors_ignore(const char *error, const char *file, int line) {
    (void)error;
    (void)file;
    (void)line;
}

/// Disables libsensors' messages about errors in the board configuration, which it ignores: they would interrupt a progress
/// bar. The handler is a mutable C global too.
static inline void kerf_libsensors_keep_quiet(void) { sensors_parse_error_wfn = kerf_libsensors_ignore; }
