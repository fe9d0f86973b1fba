import Quantities
import Workload

extension RatedDescription {
    /// A product faster than this over the rated speed shows that the rating is wrong; less may be rounding of the
    /// frequency.
    private static let tolerance = 1.02
    /// The same where only the nominal frequency is known, as in most virtual machines: all cores may run up to half
    /// faster than it. Units taken to be half as wide as they are make a factor of 2.
    private static let nominalTolerance = 1.5

    /// The rating, without its operations per cycle where the same run was faster than they allow.
    ///
    /// They are derived from the processor's model and instruction set, and a hypervisor may hide both: units that are
    /// taken to be half as wide as they are. Nothing can be faster than its rated speed, so a measured rate above it
    /// refutes the rating, or the frequency that goes with it. Either makes every time that is computed from them wrong.
    ///
    /// - Parameters:
    ///   - roofline: measured in the same run, by as many threads as ``cores`` or more.
    ///   - format: of the roofline's product. The rating is of f32; narrower numbers may be faster.
    package func checked(
        against roofline: Roofline?, at frequency: FrequencyDescription, format: NumberFormat
    ) -> RatedDescription {
        // A virtual board's frequency is not that of the product.
        let origins = [frequency.runningHertz.origin, frequency.maximumHertz.origin]
        guard !origins.contains(.simulated) else { return self }
        // The product may have run at any frequency up to the highest.
        let hertz = [frequency.runningHertz.value, frequency.maximumHertz.value].compactMap(\.self).max() ?? 0
        let isNominal = frequency.maximumHertz.origin == .modelled
        let tolerance = isNominal ? Self.nominalTolerance : Self.tolerance
        guard format == .f32, let rated = flopsPerCyclePerCore.value, rated > 0, cores > 0, hertz > 0,
            let measured = roofline?.flopsPerSecond.value,
            measured > rated * Double(cores) * hertz * tolerance
        else { return self }
        var checked = self
        let perCycle = NumberText.significant(measured / (hertz * Double(cores)))
        checked.flopsPerCyclePerCore = .unavailable(
            "the rated \(NumberText.fixed(rated, digits: 0)) f32 operations a cycle and core are wrong: a product of the same "
                + "run reached \(NumberText.si(measured, "FLOP/s")), which is \(perCycle) at "
                + "\(NumberText.si(hertz, "Hz")), the highest frequency that is reported")
        return checked
    }
}
