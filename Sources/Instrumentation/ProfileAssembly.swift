import FoundationEssentials
import ModelFiles
import ProfileFormat
import Profiling
import Quantities
import TransformerKernels
import Workload

extension ModelDescription {
    package init(_ source: any WeightSource) {
        self.init(source.config, weightsKind: source.kind, weightsOrigin: source.origin)
    }
}

extension WorkloadDescription {
    package init(_ stack: LayerStack) {
        self.init(
            batch: stack.batch.batch, sequence: stack.batch.sequence, loraRank: stack.lora.rank,
            loraAlpha: stack.lora.alpha, loraTargets: stack.lora.targets, dtype: stack.format,
            weightFormats: stack.matrixFormats.names(of: stack.model, plain: stack.format),
            threads: stack.threadCount, pinned: stack.isPinned,
            activationCheckpointing: stack.activationCheckpointing ? true : nil)
    }
}

extension LayerCost {
    package init(_ stack: LayerStack) {
        self.init(
            model: stack.model, lora: stack.lora, batch: stack.batch,
            activationCheckpointing: stack.activationCheckpointing, matrixFormats: stack.matrixFormats)
    }
}

extension LayerDescription {
    /// All layers of a model under a workload, in order, with the memory of each layer and the cost of each kernel.
    package static func all(of stack: LayerStack, engine: any MatrixEngine) -> [LayerDescription] {
        all(LayerCost(stack), format: stack.format, layout: engine.layout, threadCount: stack.threadCount)
    }
}

extension Roofline {
    /// Measures the roofline. Values that could not be measured are unavailable, with the reason.
    ///
    /// - Parameter budgetSeconds: of the run, of which one product may take a thirtieth: three are run.
    package static func measured(
        engine: any MatrixEngine, format: NumberFormat, budgetSeconds: Double
    ) -> Roofline {
        do {
            let roofline = try RooflineMeasurement.measure(
                engine: engine, format: format, secondsAtMost: budgetSeconds / 30)
            return Roofline(
                flopsPerSecond: Quantity(
                    value: roofline.flopsPerSecond, count: roofline.productRuns, origin: .measured,
                    reason: "best run of a \(roofline.productRows) x 2048 x 2048 product"),
                bytesPerSecond: Quantity(
                    value: roofline.bytesPerSecond, count: roofline.copyRuns, origin: .measured,
                    reason: "best run of copying \(roofline.copiedBytes >> 20) MiB"))
        } catch {
            let none = Quantity.unavailable("\(error)")
            return Roofline(flopsPerSecond: none, bytesPerSecond: none)
        }
    }
}

extension MeterDescription {
    /// The description after a run: unchanged, or unavailable where the meter failed.
    package func after(_ record: ExperimentRecord) -> MeterDescription {
        record.meterFailure.map(MeterDescription.none(because:)) ?? self
    }
}

/// The current time in ISO 8601, UTC, to the second.
package func currentTimestamp() -> String { Date.now.formatted(.iso8601) }
