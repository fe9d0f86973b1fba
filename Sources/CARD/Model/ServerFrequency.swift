import Quantities

/// The clocks that the server may run at, as ratios to the one its costs are stated at.
package struct ServerFrequency: Sendable, Hashable {
    /// f0; `nil` where the box does not tell its clock. Then only the ratio 1 is possible.
    package var referenceHertz: Double?
    package var lowestRatio: Double
    package var highestRatio: Double
    /// The steps that the clock can take, ascending; `nil` where it is taken as continuous between the limits.
    package var stepRatios: [Double]?
    /// The weakest of the clocks that these figures were computed from.
    package var origin: Origin

    package init(
        referenceHertz: Double?, lowestRatio: Double, highestRatio: Double, stepRatios: [Double]? = nil, origin: Origin
    ) {
        self.referenceHertz = referenceHertz
        self.lowestRatio = lowestRatio
        self.highestRatio = highestRatio
        self.stepRatios = stepRatios
        self.origin = origin
    }

    /// Of a box that does not tell its clock.
    static let unknown = ServerFrequency(referenceHertz: nil, lowestRatio: 1, highestRatio: 1, origin: .unavailable)

    /// Whether there is anything to choose; else nothing is scaled by the clock.
    package var isChosen: Bool { lowestRatio < highestRatio }
}
