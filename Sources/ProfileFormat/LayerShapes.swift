import ModelFiles
import Workload

extension LayerDescription {
    /// As ``all(_:)``, with the memory of each layer and the cost of each kernel.
    package static func all(
        _ cost: LayerCost, format: NumberFormat, layout: WeightLayout, threadCount: Int
    ) -> [LayerDescription] {
        all(cost).map { layer in
            var layer = layer
            layer.memory = LayerMemory(
                cost.memory(layer: layer.index, format: format, layout: layout, threadCount: threadCount))
            layer.kernels = cost.kernels(of: layer.index).flatMap { kernel in
                Direction.allCases.compactMap { KernelCost(cost, layer.index, kernel, $0, format) }
            }
            return layer
        }
    }
}

extension KernelCost {
    /// `nil` where the layer does not run the kernel in this direction.
    fileprivate init?(_ cost: LayerCost, _ layer: Int, _ kernel: Kernel, _ direction: Direction, _ format: NumberFormat)
    {
        let bytes = cost.bytes(layer: layer, kernel: kernel, direction: direction, format: format)
        guard bytes > 0 else { return nil }
        self.init(
            kernel: kernel.rawValue, direction: direction,
            flops: cost.flops(layer: layer, kernel: kernel, direction: direction), bytes: bytes)
    }
}

/// Computes the layers of a profile's model under other workloads, from the shapes alone.
package struct LayerShapes: Sendable {
    private let model: ModelConfig
    private let workload: WorkloadDescription
    private let layout: WeightLayout
    private let matrixFormats: MatrixFormats
    private let hasMemory: Bool
    private let hasKernels: Bool

    /// - Returns: `nil` where the profile's own layers are not those that its shapes give: a program may run other
    ///   kernels and state other operations, and an older Kerf counted some differently.
    package init?(_ profile: Profile) {
        guard Self.isPossible(profile.model, profile.workload) else { return nil }
        let candidates = [WeightLayout.plain, .packed].map { layout in
            LayerShapes(
                ModelConfig(profile.model), profile.workload, layout,
                MatrixFormats(profile.layers, model: ModelConfig(profile.model)),
                hasMemory: profile.layers.contains { $0.memory != nil },
                hasKernels: profile.layers.contains { $0.kernels != nil })
        }
        guard let fitting = candidates.first(where: { $0.layers(under: profile.workload) == profile.layers }) else {
            return nil
        }
        self = fitting
    }

    private init(
        _ model: ModelConfig, _ workload: WorkloadDescription, _ layout: WeightLayout, _ matrixFormats: MatrixFormats,
        hasMemory: Bool, hasKernels: Bool
    ) {
        (self.model, self.workload, self.layout, self.matrixFormats) = (model, workload, layout, matrixFormats)
        (self.hasMemory, self.hasKernels) = (hasMemory, hasKernels)
    }

    /// All layers, in order.
    ///
    /// - Parameter workload: of which batch, sequence and rank may differ from the profile's.
    package func layers(under workload: WorkloadDescription) -> [LayerDescription] {
        // A program without adapters states rank 0.
        let lora = LoRAConfiguration(
            rank: max(1, workload.loraRank), alpha: workload.loraAlpha,
            targets: workload.loraRank > 0 ? workload.loraTargets : [])
        let cost = LayerCost(
            model: model, lora: lora, batch: BatchShape(batch: workload.batch, sequence: workload.sequence),
            activationCheckpointing: workload.activationCheckpointing == true, matrixFormats: matrixFormats)
        return LayerDescription.all(cost, format: workload.dtype, layout: layout, threadCount: workload.threads)
            .map { layer in
                var layer = layer
                if !hasMemory { layer.memory = nil }
                if !hasKernels { layer.kernels = nil }
                if workload.forwardOnly == true { layer.backwardFlops = 0 }
                return layer
            }
    }

    /// Whether sizes from a file can be multiplied without an overflow.
    private static func isPossible(_ model: ModelDescription, _ workload: WorkloadDescription) -> Bool {
        let widths = [
            model.hiddenSize, model.headSize, model.headCount, model.keyValueHeadCount, model.intermediateSize,
        ]
        let tokens = workload.batch.multipliedReportingOverflow(by: workload.sequence)
        return widths.allSatisfy { (1...(1 << 18)).contains($0) } && (1...(1 << 24)).contains(model.vocabularySize)
            && (1...(1 << 14)).contains(model.blockCount) && model.headCount * model.headSize <= 1 << 20
            && model.keyValueHeadCount <= model.headCount && (0...(1 << 20)).contains(workload.loraRank)
            && !tokens.overflow && (1...(1 << 26)).contains(tokens.partialValue) && workload.sequence <= 1 << 22
            && (1...(1 << 14)).contains(workload.threads) && isPossible(model.variant, model)
    }

    private static func isPossible(_ variant: ModelVariant?, _ model: ModelDescription) -> Bool {
        (0...model.headSize).contains(variant?.rotarySize ?? model.headSize)
            && (1...(1 << 30)).contains(variant?.window?.size ?? 1)
            && (variant?.window?.fullLayers.count ?? 0) <= model.blockCount
    }
}

extension ModelConfig {
    /// The shapes; what no shape depends on is that of any model.
    fileprivate init(_ model: ModelDescription) {
        self.init(
            name: model.name, hiddenSize: model.hiddenSize, blockCount: model.blockCount, headCount: model.headCount,
            keyValueHeadCount: model.keyValueHeadCount, headSize: model.headSize,
            intermediateSize: model.intermediateSize, vocabularySize: model.vocabularySize, rmsNormEpsilon: 1e-5,
            rope: RotaryEmbedding(theta: 10_000), tiedEmbeddings: model.tiedEmbeddings,
            variant: model.variant ?? ModelVariant())
    }
}
