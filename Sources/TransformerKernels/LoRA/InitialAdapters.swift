import ModelFiles
import Statistics
import Workload

/// The values with which LoRA pairs start: those of Hugging Face's PEFT, A uniform in ±1 / sqrt(input) (Kaiming with
/// a = sqrt(5)), B zero.
///
/// They depend on the seed, the block and the projection alone, so that a block starts with the same values in every
/// stack, on whichever side of a split it is.
package enum InitialAdapters {
    /// One block's numbers in the order of ``AdapterLayout``.
    ///
    /// - Parameter block: from 0.
    package static func values(
        model: ModelConfig, lora: LoRAConfiguration, block: Int, seed: UInt64
    ) -> [Float] {
        let layout = AdapterLayout(model: model, lora: lora)
        var values = [Float](repeating: 0, count: layout.count)
        values.withUnsafeMutableBufferPointer { values in
            for pair in layout.pairs {
                fill(
                    a: UnsafeMutableBufferPointer(rebasing: values[pair.a]),
                    inputSize: model.shape(of: pair.projection).columns, block: block, projection: pair.projection,
                    seed: seed)
            }
        }
        return values
    }

    static func fill(
        a: UnsafeMutableBufferPointer<Float>, inputSize: Int, block: Int, projection: Projection, seed: UInt64
    ) {
        var mixer = SeededGenerator(seed: seed)
        let stream = mixer.next() &+ UInt64(block * Projection.allCases.count + projection.ordinal)
        var generator = SeededGenerator(seed: stream &* 0xD134_2543_DE82_EF95)
        let bound = 1 / Float(inputSize).squareRoot()
        for index in a.indices { a[index] = Float.random(in: -bound...bound, using: &generator) }
    }
}

extension Projection {
    /// Index among the seven projections.
    var ordinal: Int {
        switch self {
        case .q: 0
        case .k: 1
        case .v: 2
        case .o: 3
        case .gate: 4
        case .up: 5
        case .down: 6
        }
    }
}
