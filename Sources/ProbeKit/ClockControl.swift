/// One setting of the clock of a whole box.
///
/// Policies of one box may differ (performance and efficiency cores): each is set to a step of its own.
public struct ClockStep: Sendable, Hashable {
    /// The clock of the fastest policy, by which the step is known.
    public var hertz: Double
    /// The clock of every policy that is set, by the policy's name.
    public var policyHertz: [String: Double]

    public init(hertz: Double, policyHertz: [String: Double]) {
        self.hertz = hertz
        self.policyHertz = policyHertz
    }
}

/// Cores of one kind, whose clock is swept apart from that of the others.
public struct ClockGroup: Sendable, Hashable {
    /// `P-core`, as the box's topology names it.
    public var name: String
    /// Numbers of the logical CPUs.
    public var cpus: [Int]
    /// Steps that set these cores' policies and no other.
    public var steps: [ClockStep]

    public init(name: String, cpus: [Int], steps: [ClockStep]) {
        self.name = name
        self.cpus = cpus
        self.steps = steps
    }
}

/// Something that sets the clock of the box, or of a box that a test imagines.
public protocol ClockControl {
    /// Sets the clock; it holds until the next call.
    func set(_ step: ClockStep) throws(ProbeError)
}
