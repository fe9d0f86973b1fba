import Glibc

/// Blocks the signals that end a program on this thread.
struct SignalHold {
    private var before = sigset_t()

    init() {
        var held = sigset_t()
        sigemptyset(&held)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&held, signal) }
        pthread_sigmask(SIG_BLOCK, &held, &before)
    }

    func release() {
        var mask = before
        pthread_sigmask(SIG_SETMASK, &mask, nil)
    }
}
