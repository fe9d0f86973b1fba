import ArgumentParser
import TransformerKernels

/// The threads and the library that compute.
package struct EngineOptions: ParsableArguments {
    package init() {}

    @Option(help: ArgumentHelp("Threads of the kernels. (default: one per processor)", valueName: "number"))
    package var threads: Int?

    @Option(help: ArgumentHelp("Linear algebra library: onednn or openblas.", valueName: "name"))
    package var engine: String?

    package func validate() throws {
        if let threads, !(1...MatrixEngines.processorCount).contains(threads) {
            throw ValidationError("--threads must be between 1 and \(MatrixEngines.processorCount), not \(threads)")
        }
        if let engine, !MatrixEngines.names.contains(engine) {
            throw ValidationError("--engine must be \(MatrixEngines.names.joined(separator: " or ")), not '\(engine)'")
        }
    }

    /// Makes the engine; each caller has its own.
    package var maker: @Sendable () throws -> any MatrixEngine {
        MatrixEngines.maker(named: engine, threadCount: threads)
    }
}
