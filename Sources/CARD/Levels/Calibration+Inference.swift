import Calibration
import ProfileFormat
import Quantities
import Statistics
import Workload

extension Calibration {
    /// The forward passes alone, in the place of the step: without gradients, adapters that travel, or anything kept for a
    /// backward pass.
    ///
    /// In a training step's calibration the head's forward pass holds the loss, which inference does not compute, and the
    /// step's mean powers are those of both directions.
    var ofForwardPasses: Calibration {
        var inference = self
        (inference.workload.forwardOnly, inference.workload.activationCheckpointing) = (true, nil)
        (inference.workload.loraRank, inference.workload.loraAlpha, inference.workload.loraTargets) = (0, 0, [])
        for index in layers.indices {
            inference.layers[index].backward = .noWork(because: .forwardOnly)
            inference.layers[index].description.backwardFlops = 0
            inference.layers[index].description.adapterBytes = 0
            inference.layers[index].description.memory?.optimizerBytes = 0
            inference.layers[index].description.memory?.activationBytes = layers[index].description.outputBytes
        }
        inference.pooling = pooling?.filter { $0.direction == .forward }
        inference.frequencyLaws?.passes.removeAll { $0.direction == .backward }
        guard workload.forwardOnly != true else { return inference }
        inference.step.timeSeconds = sum(\.timeSeconds)
        inference.step.grossEnergyJoules = sum(\.grossEnergyJoules)
        inference.step.netEnergyJoules = sum(\.netEnergyJoules)
        return inference
    }

    private func sum(_ field: KeyPath<DirectionCalibration, Quantity>) -> Quantity {
        let parts = layers.map { $0.forward[keyPath: field] }
        if let missing = parts.first(where: { $0.value == nil }) { return missing }
        return Quantity(
            parts.compactMap(\.estimate).sum, origin: Origin.weakest(parts.map(\.origin)),
            reason: "the sum of the forward passes of a training step")
    }
}
