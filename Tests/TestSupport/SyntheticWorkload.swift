import ModelFiles
import ProfileFormat
import Quantities
import Statistics
import Workload

/// A profile under one workload whose kernels' times follow a chosen law of their work: the ground truth of
/// interpolation.
package struct SyntheticWorkload: Sendable {
    package var batch = 1
    package var sequence = 128
    package var rank = 8
    package var activationCheckpointing = false
    /// Formats of the second block's projections and of the embedding, which stay quantized; `nil` for none.
    package var quantizedFormats: (block: QuantizedFormat, embedding: QuantizedFormat)?
    /// The box's other numbers, its powers and noise.
    package var base = SyntheticProfile()
    package var law = Law()

    package init(sequence: Int, batch: Int = 1, rank: Int = 8, seed: UInt64 = 1) {
        (self.sequence, self.batch, self.rank) = (sequence, batch, rank)
        base.seed = seed
        base.steps = 30
    }

    /// Seconds of a kernel: a constant, a time for each token, and one for each operation or byte.
    package struct Law: Sendable {
        package var constantSeconds = 2e-6
        package var attentionTokenSeconds = 4e-7
        package var flopsPerSecond = 4e9
        package var bytesPerSecond = 8e9
        /// Above this number of tokens every operation takes `cliffFactor` times as long, as where a cache is too small.
        package var cliffTokens = Int.max
        package var cliffFactor = 1.0

        package init() {}

        package func seconds(_ cost: KernelCost, tokens: Int) -> Double {
            let own = cost.flops > 0 ? cost.flops / flopsPerSecond : cost.bytes / bytesPerSecond
            let ofTokens = cost.kernel == "attention" ? Double(tokens) * attentionTokenSeconds : 0
            return constantSeconds + ofTokens + own * (tokens > cliffTokens ? cliffFactor : 1)
        }

        /// Time of a pass outside of its kernels.
        package func betweenSeconds(tokens: Int) -> Double { 3e-6 + 1e-9 * Double(tokens) }
    }

    private var tokens: Int { batch * sequence }

    package var layers: [LayerDescription] {
        let model = base.make().model
        let config = ModelConfig(
            name: model.name, hiddenSize: model.hiddenSize, blockCount: model.blockCount, headCount: model.headCount,
            keyValueHeadCount: model.keyValueHeadCount, headSize: model.headSize,
            intermediateSize: model.intermediateSize, vocabularySize: model.vocabularySize, rmsNormEpsilon: 1e-6,
            rope: RotaryEmbedding(theta: 1e6), tiedEmbeddings: model.tiedEmbeddings)
        let lora = LoRAConfiguration(rank: rank, alpha: Double(2 * rank), targets: [.q, .v])
        var formats: [TensorRole: QuantizedFormat] = [:]
        for projection in Projection.allCases {
            formats[.projection(projection, block: 1)] = quantizedFormats?.block
        }
        formats[.embedding] = quantizedFormats?.embedding
        return LayerDescription.all(
            LayerCost(
                model: config, lora: lora, batch: BatchShape(batch: batch, sequence: sequence),
                activationCheckpointing: activationCheckpointing, matrixFormats: MatrixFormats(formats)),
            format: .f32, layout: quantizedFormats == nil ? .packed : .panels, threadCount: 2)
    }

    /// True seconds of each kernel of a pass.
    package func kernels(of pass: LayerPass) -> [String: Double] {
        let costs = (layers[pass.layer].kernels ?? []).filter { $0.direction == pass.direction }
        return Dictionary(uniqueKeysWithValues: costs.map { ($0.kernel, law.seconds($0, tokens: tokens)) })
    }

    /// True seconds of a pass.
    package func seconds(of pass: LayerPass) -> Double {
        let kernels = kernels(of: pass)
        guard !kernels.isEmpty else { return 0 }
        // In a fixed order: that of a dictionary would change the last digit.
        return kernels.values.sorted().reduce(law.betweenSeconds(tokens: tokens), +)
    }

    package func watts(of pass: LayerPass) -> Double {
        pass.direction == .forward ? base.forwardWatts : base.backwardWatts
    }

    /// True seconds of a whole step.
    package var stepSeconds: Double {
        LayerPass.all(of: layers).reduce(0) { $0 + seconds(of: $1) } / (1 - base.glue)
    }

    package func make() -> Profile {
        var profile = base.make()
        var generator = SeededGenerator(seed: base.seed &* 7919 &+ UInt64(tokens))
        profile.layers = layers
        profile.workload = WorkloadDescription(
            batch: batch, sequence: sequence, loraRank: rank, loraAlpha: Double(2 * rank), loraTargets: [.q, .v],
            dtype: .f32, weightFormats: quantizedFormats.map { [$0.block.rawValue, $0.embedding.rawValue, "f32"] },
            threads: 2, activationCheckpointing: activationCheckpointing ? true : nil)
        func noisy(_ seconds: Double) -> [Double] {
            (0..<base.steps).map { _ in seconds * max(0.1, 1 + base.noise * generator.normal()) }
        }
        profile.layerTimes = LayerPass.all(of: layers).map { pass in
            let kernels = kernels(of: pass).sorted { $0.key < $1.key }.map { ($0.key, noisy($0.value)) }
            let between = noisy(kernels.isEmpty ? 0 : law.betweenSeconds(tokens: tokens))
            return LayerTimes(
                layer: pass.layer, direction: pass.direction,
                seconds: between.indices.map { step in kernels.reduce(between[step]) { $0 + $1.1[step] } },
                kernels: Dictionary(uniqueKeysWithValues: kernels))
        }
        profile.steps = noisy(stepSeconds).map { StepSample(seconds: $0, cpuSeconds: 2 * $0) }
        profile.instrumentationOverheadPairs = nil
        return profile
    }
}
