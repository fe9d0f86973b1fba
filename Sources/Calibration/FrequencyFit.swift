import Estimation
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Workload

/// The step at one visit of a sweep, as the laws are fitted to it.
package struct FrequencyObservation: Sendable, Hashable {
    /// As achieved.
    package var hertz: Double
    /// Trimmed mean of the visit's steps.
    package var stepSeconds: Double
    /// Power of the work, without the polling around it; `nil` where it is not known.
    package var grossWatts: Double?
}

/// Fits time and power as functions of the frequency, from a profile's sweep.
///
/// Every visit is one observation: the mean of the visit's steps, at the frequency that was achieved. Differences
/// between visits (heat, other load) are then in the residuals, and so in the intervals. Relative errors are taken as
/// equal at all frequencies, so that an observation has the weight of one over its square.
package struct FrequencyFit {
    /// `nil` where there is no sweep, or none that laws can be fitted to.
    private(set) var laws: FrequencyCalibration?
    /// Warnings about the laws, or why there are none.
    private(set) var warnings: [String] = []

    /// Minimum number of frequencies that show a misfit of a law with two unknowns, and of one with three.
    static let minimumStepsForTime = 3
    static let minimumStepsForPower = 4
    /// Minimum ratio of the highest to the lowest achieved frequency; below it the frequency did not follow.
    private static let minimumSpan = 1.1
    private static let maximumDeviation = 0.05
    private static let maximumResidual = 0.10

    private let profile: Profile
    private let visits: [Visit]
    private let referenceHertz: Double
    /// Origin of times: measured, unless the frequency is a virtual board's.
    private let timeOrigin: Origin

    /// What the laws are fitted to, one for each visit.
    ///
    /// - Parameter group: the kind of core; `nil` for the whole box.
    package static func observations(of profile: Profile, group: String?) -> [FrequencyObservation] {
        FrequencyFit(profile, group: group).visits.map { visit in
            FrequencyObservation(
                hertz: visit.hertz, stepSeconds: visit.times.step.value, grossWatts: visit.grossWatts)
        }
    }

    /// A visit as an observation.
    private struct Visit {
        var setHertz: Double
        var hertz: Double
        var times: TimeFit
        var grossWatts: Double?
        var idleWatts: Double?
    }

    /// - Parameter group: the kind of core to fit; `nil` for the whole box.
    init(_ profile: Profile, group: String? = nil) {
        self.profile = profile
        let sweep = (profile.frequencySweep?.visits ?? []).filter { $0.group == group }
        visits = sweep.map { visit in
            let alone = profile.replacing(samplesBy: visit)
            return Visit(
                setHertz: visit.hertz, hertz: Estimate.median(of: visit.achievedHertz)?.value ?? visit.hertz,
                times: TimeFit(alone), grossWatts: Self.watts(visit.energyWindows, profile.meter),
                idleWatts: Self.watts(visit.idleWindows, profile.meter))
        }
        referenceHertz = visits.map(\.setHertz).max() ?? 0
        timeOrigin = Origin.weakest([.measured, profile.frequency.maximumHertz.origin])
        let lost = sweep.compactMap(\.meterFailure)
        if let reason = lost.first {
            warnings.append(
                "The meter failed in \(lost.count) of the sweep's \(sweep.count) visits: \(PlainText.shown(reason)).")
        }
        if !visits.isEmpty { fit() }
    }

    private mutating func fit() {
        let steps = Set(visits.map(\.setHertz)).sorted()
        guard steps.count >= Self.minimumStepsForTime else {
            warnings.append(
                "No laws of frequency: \(steps.count) frequencies were swept, at least \(Self.minimumStepsForTime) are "
                    + "needed.")
            return
        }
        let achieved = visits.map(\.hertz)
        guard let low = achieved.min(), let high = achieved.max(), high >= Self.minimumSpan * low else {
            warnings.append("No laws of frequency: the frequency did not follow what was set.")
            return
        }
        let passes = LayerPass.all(of: profile.layers).filter { !$0.isIdle(in: profile.layers) }
        let laws = passes.compactMap { pass in
            timeLaw { $0.times.time(of: pass)?.value }.map {
                PassFrequencyLaw(layer: pass.layer, direction: pass.direction, time: $0)
            }
        }
        guard laws.count == passes.count, let stepTime = timeLaw({ $0.times.step.value }),
            let inverse = proportional({ $0.times.step.value }, { 1 / $0 })
        else {
            warnings.append("No laws of frequency: the sweep has too few usable visits.")
            return
        }
        let gross = powerLaw("gross") { $0.grossWatts }
        let net = powerLaw("net") { visit in
            visit.grossWatts.flatMap { gross in visit.idleWatts.map { gross - $0 } }
        }
        self.laws = FrequencyCalibration(
            stepsHertz: steps, referenceHertz: referenceHertz, passes: laws, stepTime: stepTime, grossPower: gross,
            netPower: net, inverseFrequencyResidual: inverse,
            cubicPowerResidual: proportional(\.grossWatts) { $0 * $0 * $0 })
        warn()
    }

    // MARK: - Laws

    private func timeLaw(_ value: (Visit) -> Double?) -> TimeLaw? {
        let points = points(value)
        // The regressor is about 1: the reference frequency over the visit's.
        guard
            let fit = WeightedFit(
                rows: points.map { [1, 1 / $0.ratio] }, values: points.map(\.value), weights: points.map(\.weight))
        else { return nil }
        let law = { (ratio: Double) in fit.coefficients[0] + fit.coefficients[1] / ratio }
        func quantity(_ index: Int, scaledBy factor: Double) -> Quantity {
            Quantity(
                fit.estimate(index, confidence: confidence).scaled(by: factor), confidence: confidence,
                origin: timeOrigin)
        }
        return TimeLaw(
            fixedSeconds: quantity(0, scaledBy: 1), cycles: quantity(1, scaledBy: referenceHertz),
            covariance: fit.covariance[0][1] * referenceHertz, maximumResidual: residual(points, law))
    }

    private mutating func powerLaw(_ name: String, _ value: (Visit) -> Double?) -> PowerLaw? {
        guard profile.meter.origin != .unavailable else { return nil }
        let points = points(value)
        let frequencies = Set(points.map(\.setHertz)).count
        guard frequencies >= Self.minimumStepsForPower else {
            warnings.append(
                "No law of \(name) power: it is known at \(frequencies) frequencies, at least "
                    + "\(Self.minimumStepsForPower) are needed.")
            return nil
        }
        guard
            let fit = PowerLawFit(
                x: points.map(\.ratio), y: points.map(\.value), weights: points.map(\.weight), confidence: confidence)
        else {
            warnings.append("No law of \(name) power: P0 + k f^alpha does not fit the measured values.")
            return nil
        }
        let (confidence, origin) = (confidence, profile.meter.origin)
        return PowerLaw(
            staticWatts: Quantity(fit.constant, confidence: confidence, origin: origin),
            dynamicWatts: Quantity(fit.factor, confidence: confidence, origin: origin),
            exponent: Quantity(fit.exponent, confidence: confidence, origin: origin),
            maximumResidual: residual(points) { fit($0) })
    }

    /// Largest relative residual of the best fit y = c g(f), the form of the paper's laws.
    private func proportional(_ value: (Visit) -> Double?, _ shape: (Double) -> Double) -> Double? {
        let points = points(value)
        guard
            let fit = WeightedFit(
                rows: points.map { [shape($0.ratio)] }, values: points.map(\.value), weights: points.map(\.weight))
        else { return nil }
        return residual(points) { fit.coefficients[0] * shape($0) }
    }

    // MARK: - Observations

    private struct Point {
        var setHertz: Double
        /// The achieved frequency over the reference.
        var ratio: Double
        var value: Double
        var weight: Double { 1 / (value * value) }
    }

    private func points(_ value: (Visit) -> Double?) -> [Point] {
        visits.compactMap { visit in
            // Outside this range weights overflow; no step of a real run is there.
            guard let value = value(visit), (1e-12...1e12).contains(value) else { return nil }
            return Point(setHertz: visit.setHertz, ratio: visit.hertz / referenceHertz, value: value)
        }
    }

    /// Largest relative difference over the frequencies, between the mean of a frequency's visits and that of the law.
    private func residual(_ points: [Point], _ law: (Double) -> Double) -> Double {
        Dictionary(grouping: points, by: \.setHertz).values.map { visits in
            let measured = visits.reduce(0) { $0 + $1.value }
            return abs(measured - visits.reduce(0) { $0 + law($1.ratio) }) / measured
        }.max() ?? 0
    }

    private var confidence: Double { profile.settings.confidence }

    /// Power of the work in the windows, without the polling at their edges; `nil` without a meter.
    private static func watts(_ windows: [EnergyWindow], _ meter: MeterDescription) -> Double? {
        guard meter.origin != .unavailable else { return nil }
        return WindowSamples(windows, totalOf: meter.totalOf).power(resolution: 0, confidence: 0.95)?.value
    }

    // MARK: - Warnings

    /// Whether most of the time at the highest frequency is of cycles. Earlier boards slowed nothing down.
    private func followsFrequency(_ law: TimeLaw) -> Bool {
        guard let fixed = law.fixedSeconds.value, let cycles = law.cycles.value else { return false }
        return cycles / referenceHertz > max(0, fixed)
    }

    private mutating func warn() {
        guard let laws else { return }
        if timeOrigin == .simulated {
            warnings.append(
                followsFrequency(laws.stepTime)
                    ? "The swept frequency is a virtual board's. It slows all computing down in proportion, what waits "
                        + "for memory as well. The laws of power show the board's power."
                    : "The swept frequency is a virtual board's. Real kernels did not slow down with it, so the laws of "
                        + "time show a constant frequency. The laws of power show the board's power.")
        }
        let missed = visits.filter { abs($0.hertz - $0.setHertz) > Self.maximumDeviation * $0.setHertz }
        if let worst = missed.max(by: { abs($0.hertz / $0.setHertz - 1) < abs($1.hertz / $1.setHertz - 1) }) {
            warnings.append(
                "The frequency differed from the set one in \(missed.count) of \(visits.count) visits, at most by "
                    + "\(NumberText.percent(worst.hertz / worst.setHertz - 1)); the laws use the achieved frequency.")
        }
        let misfits = [
            ("time", laws.stepTime.maximumResidual), ("gross power", laws.grossPower?.maximumResidual ?? 0),
        ].filter { $0.1 > Self.maximumResidual }
        for (name, residual) in misfits {
            warnings.append(
                "The law of \(name) deviates from the measured values by up to \(NumberText.percent(residual)).")
        }
    }
}
