public import Statistics

/// The clocks that the server may run at, as ratios to the one its costs are stated at.
public struct ServerClock: Sendable, Hashable {
    /// f0; `nil` where the box does not tell its clock. Then only the ratio 1 is possible.
    public var referenceHertz: Double?
    public var lowestRatio: Double
    public var highestRatio: Double
    /// The steps that the clock can take, ascending; `nil` where it is taken as continuous between the limits.
    public var stepRatios: [Double]?
    /// The weakest of the clocks that these figures were computed from.
    public var origin: Origin

    public init(
        referenceHertz: Double?, lowestRatio: Double, highestRatio: Double, stepRatios: [Double]? = nil, origin: Origin
    ) {
        self.referenceHertz = referenceHertz
        self.lowestRatio = lowestRatio
        self.highestRatio = highestRatio
        self.stepRatios = stepRatios
        self.origin = origin
    }

    /// Of a box that does not tell its clock.
    static let unknown = ServerClock(referenceHertz: nil, lowestRatio: 1, highestRatio: 1, origin: .unavailable)

    /// Whether there is anything to choose; else nothing is scaled by the clock.
    public var isChosen: Bool { lowestRatio < highestRatio }
}
