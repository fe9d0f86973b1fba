#pragma once

#include <sys/types.h>

/// Whether reads go wrong by now; the stand-in for NVML, loaded into the same process, asks too.
int kerf_fault_has_begun(void);

/// What a read of a descriptor gives: what was read, or the fault that was asked for.
ssize_t kerf_fault_on_read(int descriptor, void *buffer, size_t room, ssize_t count, off_t offset);
