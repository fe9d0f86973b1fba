import ArgumentParser
import TransformerKernels

/// The threads and the library that compute, and what they keep in memory. Each side of a split chooses its own.
package struct EngineOptions: ParsableArguments {
    package init() {}

    @Option(help: ArgumentHelp("Threads of the kernels. (default: one per processor)", valueName: "number"))
    package var threads: Int?

    @Option(help: ArgumentHelp("Products of matrices: \(MatrixEngines.nameList).", valueName: "name"))
    package var engine: String?

    @Flag(help: "Recompute a block's forward pass in its backward pass: less memory, more time.")
    package var activationCheckpointing = false

    package func validate() throws {
        if let threads, !(1...MatrixEngines.processorCount).contains(threads) {
            throw ValidationError("--threads must be between 1 and \(MatrixEngines.processorCount), not \(threads)")
        }
        if let engine, !MatrixEngines.names.contains(engine) {
            throw ValidationError("--engine must be \(MatrixEngines.nameList), not '\(engine)'")
        }
    }

    /// Makes the engine; each caller has its own.
    ///
    /// - Parameter quantized: whether weights are quantized in memory.
    package func maker(quantized: Bool) -> EngineMaker {
        MatrixEngines.maker(named: engine, quantized: quantized, threadCount: threads)
    }
}
