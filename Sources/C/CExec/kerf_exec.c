#include "kerf_exec.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int kerf_exec_with_parent(pid_t parent, char *const arguments[]) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A parent that ended before is not told any more.
    if (getppid() != parent) _exit(0);
    // An ignored signal stays ignored in the program, and handlers do not exist there.
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(arguments[0], arguments);
    return errno;
}
