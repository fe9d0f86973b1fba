import Calibration
import FoundationEssentials
import ModelFiles
import Profiling
import Statistics
import TransformerKernels

extension ModelDescription {
    init(_ source: any WeightSource) {
        self.init(source.config, weightsKind: source.kind, weightsOrigin: source.origin)
    }

    init(_ config: ModelConfig, weightsKind: String, weightsOrigin: String) {
        self.init(
            name: config.name, hiddenSize: config.hiddenSize, blockCount: config.blockCount,
            headCount: config.headCount, keyValueHeadCount: config.keyValueHeadCount, headSize: config.headSize,
            intermediateSize: config.intermediateSize, vocabularySize: config.vocabularySize,
            tiedEmbeddings: config.tiedEmbeddings, weightsKind: weightsKind, weightsOrigin: weightsOrigin)
    }
}

extension WorkloadDescription {
    init(_ stack: LayerStack) {
        self.init(
            batch: stack.batch.batch, sequence: stack.batch.sequence, loraRank: stack.lora.rank,
            loraAlpha: stack.lora.alpha, loraTargets: stack.lora.targets.map(\.rawValue), dtype: stack.format.rawValue,
            threads: stack.threadCount, pinned: stack.isPinned)
    }
}

extension LayerDescription {
    /// All layers of a model under a workload, in order, with what each needs of memory and each kernel has to do.
    static func all(of stack: LayerStack, engine: any MatrixEngine) -> [LayerDescription] {
        let cost = LayerCost(model: stack.model, lora: stack.lora, batch: stack.batch)
        return all(cost).map { layer in
            var layer = layer
            layer.memory = LayerMemory(
                cost.memory(
                    layer: layer.index, format: stack.format, layout: engine.packsWeights ? .packed : .plain,
                    threadCount: stack.threadCount))
            layer.kernels = cost.kernels(of: layer.index).flatMap { kernel in
                Direction.allCases.compactMap { KernelCost(cost, layer.index, kernel, $0, stack.format) }
            }
            return layer
        }
    }

    /// From the shapes alone.
    static func all(_ cost: LayerCost) -> [LayerDescription] {
        let blocks = cost.model.blockCount
        return (0...(blocks + 1)).map { index in
            LayerDescription(
                index: index, kind: index == 0 ? .embedding : index <= blocks ? .block : .head,
                parameterCount: cost.parameterCount(layer: index), adapterBytes: cost.adapterBytes(layer: index),
                forwardFlops: cost.flops(layer: index, direction: .forward),
                backwardFlops: cost.flops(layer: index, direction: .backward),
                outputBytes: cost.outputBytes(layer: index))
        }
    }
}

extension LayerMemory {
    init(_ use: MemoryUse) {
        self.init(
            weightBytes: use.weights, adapterBytes: use.adapters, optimiserBytes: use.optimiser,
            activationBytes: use.activations + use.gradients, scratchBytes: use.scratch)
    }
}

extension KernelCost {
    /// `nil` where the layer does not run the kernel in this direction.
    fileprivate init?(
        _ cost: LayerCost, _ layer: Int, _ kernel: Kernel, _ direction: Direction, _ format: NumberFormat
    ) {
        let bytes = cost.bytes(layer: layer, kernel: kernel, direction: direction, format: format)
        guard bytes > 0 else { return nil }
        self.init(
            kernel: kernel.rawValue, direction: direction.rawValue,
            flops: cost.flops(layer: layer, kernel: kernel, direction: direction), bytes: bytes)
    }
}

extension MachinePeaks {
    /// Roofs that could not be measured are told with the reason.
    static func measured(engine: any MatrixEngine, format: NumberFormat) -> MachinePeaks {
        do {
            let peaks = try PeakMeasurement.measure(engine: engine, format: format)
            return MachinePeaks(
                flopsPerSecond: Quantity(
                    value: peaks.flopsPerSecond, count: peaks.productRuns, origin: .measured,
                    reason: "best run of a 512 x 2048 x 2048 product"),
                bytesPerSecond: Quantity(
                    value: peaks.bytesPerSecond, count: peaks.copyRuns, origin: .measured,
                    reason: "best run of copying 128 MiB"))
        } catch {
            let none = Quantity.unavailable("\(error)")
            return MachinePeaks(flopsPerSecond: none, bytesPerSecond: none)
        }
    }
}

extension MeterDescription {
    /// The meter as it was, or what became of it during the run.
    func after(_ record: ExperimentRecord) -> MeterDescription {
        record.meterFailure.map(MeterDescription.none(because:)) ?? self
    }
}

/// The time now, ISO 8601, UTC, to the second.
func currentTimestamp() -> String { Date.now.formatted(.iso8601) }
