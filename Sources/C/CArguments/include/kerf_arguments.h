/// The program's arguments as the C library passes them to `main`.
///
/// Swift's own `CommandLine.arguments` is read from /proc/self/cmdline, and is empty where there is no procfs. A Swift
/// program's `main` is written by the compiler, so the arguments are kept by a constructor, to which glibc passes them
/// too.
#ifndef KERF_ARGUMENTS_H
#define KERF_ARGUMENTS_H

/// Number of arguments, the program's name included; -1 where the C library passes constructors none.
int kerf_argument_count(void);

/// The argument, or NULL beyond the last one.
const char *kerf_argument(int index);

#endif
