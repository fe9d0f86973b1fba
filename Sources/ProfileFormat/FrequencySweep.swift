/// The raw samples of a run at several frequencies.
///
/// Frequencies are visited in random order, each once a round, so that heat and drift are not attributed to them.
public struct FrequencySweep: Codable, Sendable, Hashable {
    /// Seed of the order.
    public var seed: Int
    /// Time for the sweep, in addition to the profile's own.
    public var budgetSeconds: Double
    /// The kinds of core that were also swept alone; `nil` where all cores are alike.
    public var groups: [SweptGroup]?
    /// In the order in which they were made.
    public var visits: [FrequencyVisit]

    public init(seed: Int, budgetSeconds: Double, groups: [SweptGroup]? = nil, visits: [FrequencyVisit]) {
        self.seed = seed
        self.budgetSeconds = budgetSeconds
        self.groups = groups
        self.visits = visits
    }
}

extension FrequencySweep {
    /// Appends the visits of another sweep of the same box, and the groups that are new.
    public mutating func append(_ other: FrequencySweep) {
        visits += other.visits
        let known = groups ?? []
        let all = known + (other.groups ?? []).filter { group in !known.contains { $0.name == group.name } }
        groups = all.isEmpty ? nil : all
    }
}

/// Cores of one kind, swept alone: the step ran on them only, and the other cores kept their own limits.
public struct SweptGroup: Codable, Sendable, Hashable {
    /// `P-core`, as the box's topology names it.
    public var name: String
    /// Numbers of the logical CPUs that the threads were bound to.
    public var cpus: [Int]
    public var threads: Int

    public init(name: String, cpus: [Int], threads: Int) {
        self.name = name
        self.cpus = cpus
        self.threads = threads
    }
}

/// The samples of one visit to one frequency.
public struct FrequencyVisit: Codable, Sendable, Hashable {
    /// The kind of core that was swept alone; `nil` where the whole box was.
    public var group: String?
    /// The frequency that was set on the fastest policy of those that were set.
    public var hertz: Double
    /// The frequency that was set, by policy: performance and efficiency cores have different frequencies.
    public var policyHertz: [String: Double]
    /// The highest frequency of these policies at the end of every step and window; empty where the driver reports none.
    public var achievedHertz: [Double]
    /// Whole steps without instruments.
    public var steps: [StepSample]
    /// Layers inside instrumented steps, without their kernels.
    public var layerTimes: [LayerTimes]
    public var idleWindows: [EnergyWindow]
    /// Windows of whole steps.
    public var energyWindows: [EnergyWindow]
    /// Windows and steps that were rejected, by reason.
    public var rejections: [Rejection]
    /// Why there are no windows, where the meter failed.
    public var meterFailure: String?
    /// Seconds from the start of the run to the start of the visit; `nil` in older files.
    public var startSeconds: Double?

    public init(
        group: String? = nil, hertz: Double, policyHertz: [String: Double], achievedHertz: [Double],
        steps: [StepSample], layerTimes: [LayerTimes], idleWindows: [EnergyWindow], energyWindows: [EnergyWindow],
        rejections: [Rejection], meterFailure: String? = nil,
        startSeconds: Double? = nil
    ) {
        self.group = group
        self.hertz = hertz
        self.policyHertz = policyHertz
        self.achievedHertz = achievedHertz
        self.steps = steps
        self.layerTimes = layerTimes
        self.idleWindows = idleWindows
        self.energyWindows = energyWindows
        self.rejections = rejections
        self.meterFailure = meterFailure
        self.startSeconds = startSeconds
    }
}

extension Profile {
    /// The profile with the samples of this visit in place of its own.
    package func replacing(samplesBy visit: FrequencyVisit) -> Profile {
        var profile = self
        profile.frequencySweep = nil
        profile.steps = visit.steps
        profile.layerTimes = visit.layerTimes
        profile.idleWindows = visit.idleWindows
        profile.energyWindows = visit.energyWindows
        profile.rejections = visit.rejections
        return profile
    }
}
