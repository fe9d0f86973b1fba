#pragma once

// Only SHA-256 is used, to name in a calibration the exact bytes of the profiles it was made from.
#include <openssl/sha.h>
