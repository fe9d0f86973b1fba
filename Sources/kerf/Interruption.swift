import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Ctrl-C and `kill`: asked for between two pieces of work, so that outputs, children and settings are left in order.
enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// Whether SIGINT or SIGTERM has come.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// From now on the first SIGINT or SIGTERM only sets ``isRequested``; a second one ends the process at once.
    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.requested.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}
