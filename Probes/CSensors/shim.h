#pragma once

// libsensors ships no pkg-config file, so the module map names the library itself.
#include <sensors/error.h>
#include <sensors/sensors.h>

/// `libsensors_version` is a mutable C global, which Swift 6 refuses to read as not concurrency-safe.
static inline const char *kerf_libsensors_version(void) { return libsensors_version; }
