import Quantities

/// Why a backward pass computes nothing.
package enum NoWork: String, Sendable {
    case frozenEmbedding = "no work: no gradient goes into the frozen embedding"
    case forwardOnly = "no work: the step is a forward pass alone"
}

extension Quantity {
    /// The exact zero of a pass that computes nothing.
    package static func noWork(because reason: NoWork) -> Quantity {
        Quantity(value: 0, origin: .modelled, reason: reason.rawValue)
    }
}

extension DirectionCalibration {
    package static func noWork(because reason: NoWork) -> DirectionCalibration {
        let none = Quantity.noWork(because: reason)
        return DirectionCalibration(
            timeSeconds: none, grossEnergyJoules: none, netEnergyJoules: none, kernelSeconds: [:])
    }
}
