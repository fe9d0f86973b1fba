#pragma once

// malloc_trim(3) of the GNU C library, which Swift's module of it leaves out.
#include <malloc.h>
