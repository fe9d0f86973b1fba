import CARD
import TransformerKernels

extension CutExchange {
    /// What split training sends: adapters with their moments, and activations in the wire's format.
    ///
    /// - Parameter hiddenSize: of the model.
    package init(wire: WireFormat, hiddenSize: Int) {
        func ratio(_ format: WireFormat) -> Double {
            Double(TensorCodec(format: format, rows: 1, columns: hiddenSize).encodedBytes) / Double(4 * hiddenSize)
        }
        self.init(
            adapterTensors: 3, activationRatio: ratio(wire),
            gradientRatio: ratio(BoundaryCodec.gradientFormat(wire)),
            answersEveryStep: true)
    }
}
