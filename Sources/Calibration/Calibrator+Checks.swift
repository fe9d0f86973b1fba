import Estimation
import ProfileFormat
import Quantities
import Statistics

extension Calibrator {
    /// What a run says of itself, from its samples alone.
    ///
    /// - Parameter profile: of a run that has just ended; it is not validated.
    public static func checks(of profile: Profile) -> ProfileChecks {
        let calibration = fit(profile, sources: [])
        let times = TimeFit(profile)
        let energies = EnergyFit(profile, stepTime: times.step)
        let own = InstrumentationOverheadEstimate.ratio(
            of: profile.instrumentationOverheadPairs ?? [], confidence: times.confidence)
        return ProfileChecks(
            closure: calibration.closure, attribution: calibration.attribution,
            overheadTimeRatio: own.map { Quantity($0, confidence: times.confidence, origin: .measured) }
                ?? .unavailable("no step was taken with instruments on by turns"),
            overheadEnergyRatio: own.map { energies.ownCost(ownTime: $0) } ?? .unavailable("no own cost in time"),
            computedOverheadRatio: counted(profile), idleDriftRatio: energies.idleDrift(),
            failures: calibration.closure.failures)
    }

    private static func counted(_ profile: Profile) -> Quantity {
        guard let fastest = profile.steps.map(\.seconds).min(), fastest > 0 else {
            return .unavailable("no step was timed")
        }
        return Quantity(
            value: profile.overhead.secondsPerStep / fastest, count: 1, origin: .modelled,
            reason: "marks and looks at the counters of a step over the fastest step")
    }
}

extension Closure {
    /// Every ratio whose interval does not hold zero, in words.
    public var failures: [String] {
        [("time", timeRatio), ("gross energy", grossEnergyRatio), ("net energy", netEnergyRatio)]
            .compactMap { name, ratio in
                guard let ratio, let lower = ratio.lower, let upper = ratio.upper, lower > 0 || upper < 0 else {
                    return nil
                }
                return "the layers' \(name) differs from the whole step's by \(NumberText.percent(ratio))"
            }
    }
}
