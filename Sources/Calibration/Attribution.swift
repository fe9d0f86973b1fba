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
    public var ownTimeRatio: Quantity
    public var ownEnergyRatio: Quantity
    /// Marks and readings of one step at the cost of each, over the fastest step: what ``ownTimeRatio`` should be if
    /// instruments cost nothing else.
    public var countedTimeRatio: Quantity
    /// Change of the idle power over the run.
    public var idleDriftRatio: Quantity
    /// Each closure whose interval does not hold zero, one sentence each: these figures do not add up.
    public var failures: [String]

    public init(
        closure: Closure, attribution: Attribution?, ownTimeRatio: Quantity, ownEnergyRatio: Quantity,
        countedTimeRatio: Quantity, idleDriftRatio: Quantity, failures: [String]
    ) {
        self.closure = closure
        self.attribution = attribution
        self.ownTimeRatio = ownTimeRatio
        self.ownEnergyRatio = ownEnergyRatio
        self.countedTimeRatio = countedTimeRatio
        self.idleDriftRatio = idleDriftRatio
        self.failures = failures
    }
}
