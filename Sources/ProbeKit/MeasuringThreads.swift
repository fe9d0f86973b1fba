import Glibc
import Synchronization

/// Threads of this process that measure and compute nothing: while they wait for a processor, no work takes longer.
package enum MeasuringThreads {
    private static let numbers = Mutex<Set<String>>([])

    /// Runs `body` on this thread as one that measures.
    package static func run(_ body: () -> Void) {
        let number = currentNumber
        if let number { numbers.withLock { _ = $0.insert(number) } }
        body()
        // The number may be given to another thread.
        if let number { numbers.withLock { _ = $0.remove(number) } }
    }

    /// - Parameter number: the name of a folder in `/proc/self/task`.
    package static func contains(_ number: String) -> Bool { numbers.withLock { $0.contains(number) } }

    /// proc(5): `/proc/thread-self` leads to `PID/task/NUMBER`. `nil` without procfs, where no waits are read either.
    private static var currentNumber: String? {
        var target = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/thread-self", &target, target.count)
        guard count > 0 else { return nil }
        return String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: "/").last
            .map(String.init)
    }
}
