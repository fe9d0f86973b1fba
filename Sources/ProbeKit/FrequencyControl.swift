import SystemIO

/// One setting of the clock of a whole box.
///
/// Policies of one box may differ (performance and efficiency cores): each is set to a step of its own.
package struct FrequencySetpoint: Sendable, Hashable {
    /// The clock of the fastest policy, by which the step is known.
    package var hertz: Double
    /// The clock of every policy that is set, by the policy's name.
    package var policyHertz: [String: Double]

    package init(hertz: Double, policyHertz: [String: Double]) {
        self.hertz = hertz
        self.policyHertz = policyHertz
    }
}

/// Cores of one kind, whose clock is swept apart from that of the others.
package struct CoreGroup: Sendable, Hashable {
    /// `P-core`, as the box's topology names it.
    package var name: String
    /// Numbers of the logical CPUs.
    package var cpus: [Int]
    /// Steps that set these cores' policies and no other.
    package var steps: [FrequencySetpoint]

    package init(name: String, cpus: [Int], steps: [FrequencySetpoint]) {
        self.name = name
        self.cpus = cpus
        self.steps = steps
    }
}

/// Something that sets the clock of the box, or of a box that a test imagines.
package protocol FrequencyControl {
    /// Sets the clock; it holds until the next call.
    func set(_ step: FrequencySetpoint) throws(KerfError)
}
