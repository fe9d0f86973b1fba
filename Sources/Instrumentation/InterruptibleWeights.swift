import ModelFiles
import SystemIO

/// Weights whose reading ends with SIGINT or SIGTERM: a large model takes long to load.
package struct InterruptibleWeights: WeightSource {
    private let source: any WeightSource

    package init(_ source: any WeightSource) { self.source = source }

    package var config: ModelConfig { source.config }
    package var kind: WeightsKind { source.kind }
    package var origin: String { source.origin }

    package func read(_ role: TensorRole, into destination: UnsafeMutableBufferPointer<Float>) throws {
        if Interruption.isRequested { throw Interruption.failure }
        try source.read(role, into: destination)
    }
}
