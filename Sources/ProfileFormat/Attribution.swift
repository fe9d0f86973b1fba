import Quantities

/// Energy of a step's layers by the two ways of attribution.
public struct Attribution: Codable, Sendable, Hashable {
    /// Gross, of layers in one direction each that were looped alone.
    public var loopedEnergyJoules: Quantity
    /// Gross, from the counters between the layers of whole steps.
    public var inSituEnergyJoules: Quantity
    /// (In situ - looped) / looped. Zero lies within where looping changes nothing.
    public var differenceRatio: Quantity

    public init(loopedEnergyJoules: Quantity, inSituEnergyJoules: Quantity, differenceRatio: Quantity) {
        self.loopedEnergyJoules = loopedEnergyJoules
        self.inSituEnergyJoules = inSituEnergyJoules
        self.differenceRatio = differenceRatio
    }
}

/// What a run says of itself: whether its parts make up the whole, what measuring cost, whether the box held still.
public struct ProfileChecks: Codable, Sendable, Hashable {
    public var closure: Closure
    public var attribution: Attribution?
    /// What a step costs more with every instrument on, as a share, from steps with and without in random order.
    public var overheadTimeRatio: Quantity
    public var overheadEnergyRatio: Quantity
    /// Marks and readings of one step at the cost of each, over the fastest step: what ``overheadTimeRatio`` should be if
    /// instruments cost nothing else.
    public var computedOverheadRatio: Quantity
    /// Change of the idle power over the run.
    public var idleDriftRatio: Quantity
    /// Each closure whose interval does not hold zero, one sentence each: these figures do not add up.
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
