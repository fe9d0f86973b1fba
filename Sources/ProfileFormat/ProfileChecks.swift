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
    /// One sentence for each closure that neither its interval nor the overhead explains: these numbers do not add up.
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

/// What the instruments of a run cost.
public struct InstrumentationOverhead: Codable, Sendable, Hashable {
    /// One kernel mark: two clock reads and an append.
    public var secondsPerSpan: Double
    public var spansPerStep: Int
    /// One reading of the meter between layers, as measured within steps; `nil` without a meter.
    public var secondsPerMeterRead: Double?
    /// Mean over the steps with instruments; `nil` without a meter.
    public var samplesPerStep: Double?

    public init(
        secondsPerSpan: Double, spansPerStep: Int, secondsPerMeterRead: Double?, samplesPerStep: Double? = nil
    ) {
        self.secondsPerSpan = secondsPerSpan
        self.spansPerStep = spansPerStep
        self.secondsPerMeterRead = secondsPerMeterRead
        self.samplesPerStep = samplesPerStep
    }

    /// Time of all marks and readings of a step, without their effect on the caches.
    public var secondsPerStep: Double {
        Double(spansPerStep) * secondsPerSpan + (samplesPerStep ?? 0) * (secondsPerMeterRead ?? 0)
    }
}

/// Two interleaved steps, one right after the other. In the first a coin decided for every pass whether instruments were
/// on, in the second they were on where they had been off.
public struct InstrumentationOverheadPair: Codable, Sendable, Hashable {
    /// Seconds of every pass, in the step's order, in the step in which its kernels were marked and the meter was read
    /// before it. For a program's step the seconds of a whole step with marks alone.
    public var instrumentedSeconds: [Double]
    /// Seconds of the same in the other step.
    public var plainSeconds: [Double]
    /// Time between passes where the meter was read, less that where it was not, summed.
    public var samplingSeconds: Double

    public init(instrumentedSeconds: [Double], plainSeconds: [Double], samplingSeconds: Double) {
        self.instrumentedSeconds = instrumentedSeconds
        self.plainSeconds = plainSeconds
        self.samplingSeconds = samplingSeconds
    }
}
