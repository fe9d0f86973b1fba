#include "kerf_arguments.h"

// Defines __GLIBC__ where the C library is glibc.
#include <stdlib.h>

static int count = -1;
static char **arguments;

// glibc calls every constructor with main's arguments (csu/libc-start.c, elf/dl-init.c); other C libraries do not.
#ifdef __GLIBC__
__attribute__((constructor)) static void keep(int argc, char **argv, char **environment) {
    (void)environment;
    count = argc;
    arguments = argv;
}
#endif

int kerf_argument_count(void) { return count; }

const char *kerf_argument(int index) { return index >= 0 && index < count ? arguments[index] : NULL; }
