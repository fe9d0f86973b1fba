import Quantities

/// Energy of a step's layers by two ways of attribution.
public struct Attribution: Codable, Sendable, Hashable {
    /// Gross, summed over passes that were each repeated alone.
    public var loopedEnergyJoules: Quantity
    /// Gross, from the counters between the layers of whole steps.
    public var inSituEnergyJoules: Quantity
    /// (In situ - looped) / looped. The interval holds zero where looping changes nothing.
    public var differenceRatio: Quantity

    public init(loopedEnergyJoules: Quantity, inSituEnergyJoules: Quantity, differenceRatio: Quantity) {
        self.loopedEnergyJoules = loopedEnergyJoules
        self.inSituEnergyJoules = inSituEnergyJoules
        self.differenceRatio = differenceRatio
    }
}

/// Checks of a run on itself: whether its parts add up to the whole, what measuring cost, whether the box was steady.
public struct ProfileChecks: Codable, Sendable, Hashable {
    public var closure: Closure
    public var attribution: Attribution?
    /// (A step with every instrument on - a step without) / a step without, from interleaved steps.
    public var overheadTimeRatio: Quantity
    public var overheadEnergyRatio: Quantity
    /// The cost of one step's marks and readings, each timed alone, over the fastest step. ``overheadTimeRatio`` should
    /// equal it if instruments cost nothing else.
    public var computedOverheadRatio: Quantity
    /// Change of the idle power over the run.
    public var idleDriftRatio: Quantity
    /// One sentence for each closure whose interval does not hold zero: these numbers do not add up.
    public var failures: [String]

    public init(
        closure: Closure, attribution: Attribution?, overheadTimeRatio: Quantity, overheadEnergyRatio: Quantity,
        computedOverheadRatio: Quantity, idleDriftRatio: Quantity, failures: [String]
    ) {
        self.closure = closure
        self.attribution = attribution
        self.overheadTimeRatio = overheadTimeRatio
        self.overheadEnergyRatio = overheadEnergyRatio
        self.computedOverheadRatio = computedOverheadRatio
        self.idleDriftRatio = idleDriftRatio
        self.failures = failures
    }
}

/// (Sum of the parts - whole step) / whole step.
public struct Closure: Codable, Sendable, Hashable {
    public var timeRatio: Quantity
    public var grossEnergyRatio: Quantity
    /// `nil` in older files.
    public var netEnergyRatio: Quantity?

    public init(timeRatio: Quantity, grossEnergyRatio: Quantity, netEnergyRatio: Quantity? = nil) {
        self.timeRatio = timeRatio
        self.grossEnergyRatio = grossEnergyRatio
        self.netEnergyRatio = netEnergyRatio
    }
}
