import Estimation
import ProbeKit
import ProfileFormat
import Statistics
import Workload

/// Which of an experiment's quantities are known well enough: times, powers and the instrumentation overhead.
///
/// Every check uses the estimators that a calibration will use.
struct StoppingRules: Sendable {
    private let settings: ExperimentSettings
    /// Subjects whose power is needed, where there is a meter.
    private let powerCount: Int
    private let powerRule: PowerRule
    private var times = StoppingPlan()
    private var powers: [PowerSubject: StoppingPlan] = [:]
    private var overhead = StoppingPlan()

    init(settings: ExperimentSettings, meter: (any EnergyMeter)?, resolutionJoules: Double?, passCount: Int) {
        self.settings = settings
        powerCount = 1 + (settings.loopsPasses ? passCount : 0)
        powerRule = PowerRule(
            totalOf: meter?.tree.counted.map(\.identifier) ?? [], resolutionJoules: resolutionJoules,
            confidence: settings.confidence)
    }

    /// How powers are estimated.
    private struct PowerRule: Sendable {
        let totalOf: [String]
        let resolutionJoules: Double?
        let confidence: Double

        func power(in record: ExperimentRecord) -> WindowPower {
            WindowPower(
                idleWindows: record.idleWindows, totalOf: totalOf, resolutionJoules: resolutionJoules,
                confidence: confidence)
        }
    }

    /// Whether times, and with a meter powers, have as many observations as their plans ask for.
    mutating func areTimesAndPowersSettled(
        in record: ExperimentRecord, precision: TimePrecision, isMetered: Bool
    ) -> Bool {
        guard !isMetered || powers.count == powerCount else { return false }
        times.check(count: record.minimumBurstCount) { precision.width(of: record) }
        if isMetered { planPower(of: .step, in: record) }
        return times.isSettled && (!isMetered || powers.values.allSatisfy(\.isSettled))
    }

    mutating func isPowerSettled(of pass: LayerPass, in record: ExperimentRecord) -> Bool {
        planPower(of: .pass(pass), in: record)
        return powers[.pass(pass)]?.isSettled ?? false
    }

    mutating func isOverheadSettled(in record: ExperimentRecord) -> Bool {
        let (pairs, settings) = (record.instrumentationOverheadPairs, settings)
        // A pair may have a difference for every pass, but a single pair says nothing about the scatter of its readings.
        let differences = pairs.reduce(0) { $0 + $1.instrumentedSeconds.count }
        overhead.check(count: pairs.count < 2 ? 0 : differences) {
            let ratio = InstrumentationOverheadEstimate.ratio(of: pairs, confidence: settings.confidence)
            return (ratio?.halfWidth ?? .infinity) / ExperimentSettings.overheadHalfWidth
        }
        return overhead.isSettled
    }

    /// The power of every pass that has windows enough for an interval.
    func powerPrecision(of record: ExperimentRecord) -> [PassPrecision] {
        var windows: [LayerPass: [EnergyWindow]] = [:]
        for window in record.energyWindows {
            guard let layer = window.layer, let direction = window.direction else { continue }
            windows[LayerPass(layer: layer, direction: direction), default: []].append(window)
        }
        guard !windows.isEmpty else { return [] }
        let power = powerRule.power(in: record)
        return windows.compactMap { pass, windows in
            power.gross(windows).flatMap { PassPrecision(.power, of: pass, $0) }
        }
    }

    private mutating func planPower(of subject: PowerSubject, in record: ExperimentRecord) {
        let windows = record.energyWindows.filter(subject.matches)
        let (settings, powerRule) = (settings, powerRule)
        powers[subject, default: StoppingPlan()].check(count: windows.count) {
            settings.width(of: powerRule.power(in: record).gross(windows), floor: 0)
        }
    }
}

/// How well the times of a record are known.
struct TimePrecision: Sendable {
    let settings: ExperimentSettings
    /// A pass or kernel that takes a thousandth of the step cannot matter: it is settled when its interval is small
    /// against the step, however wide against itself.
    let negligibleSeconds: Double

    init(settings: ExperimentSettings, stepSeconds: Double) {
        self.settings = settings
        negligibleSeconds = 0.001 * stepSeconds
    }

    /// The widest interval of the step, its passes and their kernels over the one wanted; infinite where one is missing.
    func width(of record: ExperimentRecord) -> Double {
        let steps = TrimmedSteps(totals: record.steps.map(\.seconds), groups: record.steps.compactMap(\.pair))
        let whole = steps.total(confidence: settings.confidence)
        return estimates(of: record, withKernels: true).map { settings.width(of: $0, floor: negligibleSeconds) }
            .reduce(settings.width(of: whole, floor: 0), max)
    }

    /// The time of every pass that matters and has an interval.
    func passes(of record: ExperimentRecord) -> [PassPrecision] {
        zip(record.layerTimes, estimates(of: record, withKernels: false)).compactMap { times, estimate in
            guard let estimate, estimate.halfWidth > negligibleSeconds else { return nil }
            return PassPrecision(.time, of: LayerPass(layer: times.layer, direction: times.direction), estimate)
        }
    }

    /// The time of every pass, and of every kernel in it, by the rule that the calibration will use.
    private func estimates(of record: ExperimentRecord, withKernels: Bool) -> [Estimate?] {
        var totals = [Double](repeating: 0, count: record.layerTimes.first?.seconds.count ?? 0)
        for times in record.layerTimes {
            for step in totals.indices { totals[step] += times.seconds[step] }
        }
        let kept = TrimmedSteps(totals: totals, groups: record.instrumentedSteps.compactMap(\.pair))
        return record.layerTimes.flatMap { times in
            ([times.seconds] + (withKernels ? Array(times.kernels.values) : []))
                .map { kept.mean(of: $0, confidence: settings.confidence) }
        }
    }
}

extension PassPrecision {
    /// `nil` without an interval.
    fileprivate init?(_ value: Value, of pass: LayerPass, _ estimate: Estimate) {
        guard estimate.relativeHalfWidth.isFinite else { return nil }
        self.init(value, of: pass, relativeHalfWidth: estimate.relativeHalfWidth)
    }
}

extension ExperimentSettings {
    /// An estimate's half width over the one wanted, infinite where there is no interval.
    fileprivate func width(of estimate: Estimate?, floor: Double) -> Double {
        guard let estimate else { return .infinity }
        let wanted = max(targetRelativeHalfWidth * estimate.value, floor)
        return wanted > 0 ? estimate.halfWidth / wanted : estimate.halfWidth > 0 ? .infinity : 0
    }
}

/// What has a power of its own.
enum PowerSubject: Hashable, Sendable {
    case step
    case pass(LayerPass)

    func matches(_ window: EnergyWindow) -> Bool {
        switch self {
        case .step: window.subject == .step
        case .pass(let pass): window.layer == pass.layer && window.direction == pass.direction
        }
    }
}

/// When a quantity has been observed often enough.
///
/// An interval that is checked after every observation, until it is narrow, ends up too narrow too often: the moments at
/// which the scatter happens to be small are the ones at which it stops. Here the interval is checked only when a number
/// of observations that was planned before has been reached. The pilot shows how many the target needs; if that proves
/// too few, the next number is planned from all that is known. Few checks, all at numbers fixed beforehand, keep the
/// coverage of Student's interval (internal pilot: Wittes and Brittain, "The role of internal pilot studies in increasing
/// the efficiency of clinical trials", Statistics in Medicine 9, 1990; at 20 or more observations the error is below half
/// a percent).
struct StoppingPlan: Sendable {
    /// Observations before the first check.
    static let pilot = 20
    /// Limit of a plan's next number over the present one, since a pilot may exaggerate.
    static let maximumGrowth = 4.0

    private(set) var planned = Self.pilot
    private(set) var isSettled = false

    /// Checks the interval if the planned number has been reached, and plans the next check.
    ///
    /// - Parameter width: the half width now over the half width wanted; called only when it is needed.
    mutating func check(count: Int, width: () -> Double) {
        guard !isSettled, count >= planned else { return }
        let width = width()
        if width <= 1 {
            isSettled = true
            return
        }
        // Half widths shrink with the root of the number.
        let growth = min(Self.maximumGrowth, max(1.2, 1.05 * width * width))
        planned = Int((Double(count) * growth).rounded(.up))
    }
}
