import ModelFiles
import SystemIO

/// Weights whose reading ends with SIGINT or SIGTERM: a large model takes long to load.
package struct InterruptibleWeights: WeightSource {
    private let source: any WeightSource

    package init(_ source: any WeightSource) { self.source = source }

    package var config: ModelConfig { source.config }
    package var kind: WeightsKind { source.kind }
    package var origin: String { source.origin }

    package func read(
        _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        try check()
        try source.read(role, rows: rows, into: destination)
    }

    package func storedFormat(of role: TensorRole) -> QuantizedFormat? { source.storedFormat(of: role) }

    package func quantizedFormat(of role: TensorRole) -> QuantizedFormat? { source.quantizedFormat(of: role) }

    package func readBlocks(
        _ role: TensorRole, rows: Range<Int>, in format: QuantizedFormat,
        into destination: UnsafeMutableRawBufferPointer
    ) throws {
        try check()
        try source.readBlocks(role, rows: rows, in: format, into: destination)
    }

    private func check() throws {
        if Interruption.isRequested { throw Interruption.failure }
    }
}
