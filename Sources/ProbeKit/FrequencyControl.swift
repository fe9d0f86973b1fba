import SystemIO

/// A frequency setting of a whole box.
///
/// Policies of a box may differ (performance and efficiency cores), so each has its own frequency.
package struct FrequencySetpoint: Sendable, Hashable {
    /// Frequency of the fastest policy, which identifies the setpoint.
    package var hertz: Double
    /// Frequency of every policy that is set, by the policy's name.
    package var policyHertz: [String: Double]

    package init(hertz: Double, policyHertz: [String: Double]) {
        self.hertz = hertz
        self.policyHertz = policyHertz
    }
}

/// Cores of one type, whose frequency is swept alone.
package struct CoreGroup: Sendable, Hashable {
    /// `P-core`, as the box's topology names it.
    package var name: String
    /// Numbers of the logical CPUs.
    package var cpus: [Int]
    /// Setpoints for these cores' policies only.
    package var setpoints: [FrequencySetpoint]

    package init(name: String, cpus: [Int], setpoints: [FrequencySetpoint]) {
        self.name = name
        self.cpus = cpus
        self.setpoints = setpoints
    }
}

/// Sets the frequency of a box, or of a simulated box in tests.
package protocol FrequencyControl {
    /// Sets the frequency until the next call.
    func set(_ setpoint: FrequencySetpoint) throws(KerfError)
}
