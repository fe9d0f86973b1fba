internal import CKernels

/// The engines that this build has.
public enum MatrixEngines {
    public static let names = ["onednn", "openblas"]

    /// Processors that this process may run on.
    public static var processorCount: Int { Int(kerf_processor_count()) }

    /// oneDNN on x86-64, for which it is written; OpenBLAS elsewhere.
    ///
    /// - Parameter threadCount: `nil` for one thread a processor.
    public static func `default`(threadCount: Int? = nil) throws -> any MatrixEngine {
        #if arch(x86_64)
            try named("onednn", threadCount: threadCount)
        #else
            try named("openblas", threadCount: threadCount)
        #endif
    }

    /// - Throws: ``KernelError`` with code `engine` for a name that is not in ``names``, an impossible thread count, or
    ///   a library that cannot be used.
    public static func named(_ name: String, threadCount: Int? = nil) throws -> any MatrixEngine {
        let threads = threadCount ?? processorCount
        guard threads >= 1 && threads <= 4096 else {
            throw KernelError(.engine, "\(threads) threads", remedy: "ask for 1 to \(processorCount)")
        }
        switch name {
        case "onednn": return try OneDNNEngine(threadCount: threads)
        case "openblas": return OpenBLASEngine(threadCount: threads)
        default:
            throw KernelError(.engine, "no engine \"\(name)\"", remedy: "use " + names.joined(separator: " or "))
        }
    }
}
