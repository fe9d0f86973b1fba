import CKernels
import SystemIO

/// The engines that this build has.
package enum MatrixEngines {
    package static let names = ["onednn", "openblas"]

    /// Processors that this process may run on.
    package static var processorCount: Int { Int(kerf_processor_count()) }

    /// oneDNN on x86-64, for which it is written; OpenBLAS elsewhere.
    ///
    /// - Parameter threadCount: `nil` for one thread a processor.
    package static func `default`(threadCount: Int? = nil) throws -> any MatrixEngine {
        #if arch(x86_64)
            try named("onednn", threadCount: threadCount)
        #else
            try named("openblas", threadCount: threadCount)
        #endif
    }

    /// - Throws: ``KerfError`` with code `engine` for a name that is not in ``names``, an impossible thread count, or
    ///   a library that cannot be used.
    package static func named(_ name: String, threadCount: Int? = nil) throws -> any MatrixEngine {
        let threads = threadCount ?? processorCount
        guard threads >= 1 && threads <= 4096 else {
            throw KerfError(.engineUnavailable, "\(threads) threads", remedy: "ask for 1 to \(processorCount)")
        }
        switch name {
        case "onednn": return try OneDNNEngine(threadCount: threads)
        case "openblas": return OpenBLASEngine(threadCount: threads)
        default:
            throw KerfError(
                .engineUnavailable, "no engine \"\(name)\"", remedy: .text("use " + names.joined(separator: " or ")))
        }
    }
}
