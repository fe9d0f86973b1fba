import ModelFiles
import Profiling

/// Weights whose reading ends with Ctrl-C: a large model takes long to load.
struct InterruptibleWeights: WeightSource {
    let source: any WeightSource

    var config: ModelConfig { source.config }
    var kind: String { source.kind }
    var origin: String { source.origin }

    func read(_ role: TensorRole, into destination: UnsafeMutableBufferPointer<Float>) throws {
        if Interruption.isRequested { throw ProfilingError(.interrupted, "interrupted; nothing was written") }
        try source.read(role, into: destination)
    }
}
