#pragma once

// libFuzzer's runtime comes without a header. Source: llvm.org/docs/LibFuzzer.html, FuzzerInterface.h.
#include <stddef.h>
#include <stdint.h>

/// Mutates `data` in place, up to `maximum` bytes, and returns the new size. For custom mutators alone.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maximum);
