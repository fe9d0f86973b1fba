import Estimation
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Workload

/// Energy of layers and of the whole step, from windows in which one of them was repeated.
///
/// A window gives power, not energy: a layer that is looped alone finds its weights in the cache and runs faster than
/// inside a step. So energy is the mean power of the looped layer times its time inside whole steps, and its interval
/// comes from both by the delta method. Net is gross less idle power times the time, including the idle power's
/// interval. An energy with a wider interval than ``Calibration/maximumEnergyHalfWidth`` is unavailable.
struct EnergyFit {
    /// The work that was repeated in a window.
    enum Subject: Hashable, CustomStringConvertible {
        case idle, step, instrumentedStep
        case pass(LayerPass)

        var description: String {
            switch self {
            case .idle: "the idle box"
            case .step: "the whole step"
            case .instrumentedStep: "the instrumented step"
            case .pass(let pass): "\(pass)"
            }
        }

        /// What its windows and their rejections are called in a profile.
        var kind: EnergyWindow.Subject {
            switch self {
            case .idle: .idle
            case .step: .step
            case .instrumentedStep: .instrumentedStep
            case .pass: .layer
            }
        }
    }

    /// A pass whose half width is at most this share of the whole step's energy counts as resolved: an embedding that
    /// takes microseconds does not affect the step.
    static let negligibleShare = 0.01
    /// Minimum number of windows for an interval.
    static let minimumWindows = 3
    /// Relative change of the idle power over a run beyond which it is not described by a straight line.
    static let maximumDrift = 0.3

    let meter: MeterDescription
    let confidence: Double
    private let windows: [Subject: [EnergyWindow]]
    private let rejections: [Rejection]
    let stepTime: Estimate
    /// Windows of each run, where several were pooled.
    private let runs: [[Subject: [EnergyWindow]]]

    private let powers: WindowPower
    /// One for each of ``runs``.
    private let powersOfRuns: [WindowPower]

    /// - Parameter runs: the profiles that were pooled into this one, if any.
    init(_ profile: Profile, runs: [Profile] = [], stepTime: Estimate) {
        self.init(
            meter: profile.meter, confidence: profile.settings.confidence, idle: profile.idleWindows,
            others: profile.energyWindows, rejections: profile.rejections, runs: runs, stepTime: stepTime)
    }

    init(
        meter: MeterDescription, confidence: Double, idle: [EnergyWindow], others: [EnergyWindow],
        rejections: [Rejection] = [], runs: [Profile] = [], stepTime: Estimate
    ) {
        self.meter = meter
        self.rejections = rejections
        self.confidence = confidence
        self.stepTime = stepTime
        func powers(_ idle: [EnergyWindow]) -> WindowPower {
            WindowPower(
                idleWindows: idle, totalOf: meter.totalOf, resolutionJoules: meter.updates?.resolutionJoules,
                confidence: confidence)
        }
        windows = Self.bySubject(idle + others)
        self.powers = powers(idle)
        self.runs = runs.map { Self.bySubject($0.idleWindows + $0.energyWindows) }
        powersOfRuns = runs.map { powers($0.idleWindows) }
    }

    private static func bySubject(_ windows: [EnergyWindow]) -> [Subject: [EnergyWindow]] {
        Dictionary(grouping: windows) { window in
            switch window.subject {
            case .idle: .idle
            case .step: .step
            case .instrumentedStep: .instrumentedStep
            case .layer: .pass(LayerPass(layer: window.layer ?? -1, direction: window.direction ?? .forward))
            }
        }
    }

    /// An estimate, or why there is none.
    enum Outcome {
        case known(Estimate)
        case unknown(String)
    }

    func grossPower(_ subject: Subject) -> Quantity {
        quantity(power(subject), "joules over seconds of all windows")
    }

    func netPower(_ subject: Subject) -> Quantity {
        quantity(netOutcome(subject), "mean power less idle power")
    }

    func grossEnergy(_ subject: Subject, time: Estimate) -> Quantity {
        quantity(
            energy(power(subject), time), "mean power of \(source(subject)) times its time inside whole steps",
            negligible: negligibleJoules)
    }

    func netEnergy(_ subject: Subject, time: Estimate) -> Quantity {
        quantity(
            energy(netOutcome(subject), time),
            "mean power of \(source(subject)) less idle power, times its time inside whole steps",
            negligible: negligibleJoules)
    }

    var noMeter: String { meter.reason ?? "no energy meter" }

    private func source(_ subject: Subject) -> String {
        let count = windows[subject]?.count ?? 0
        return subject == .step ? "\(count) windows of steps" : "\(count) windows of the layer looped alone"
    }

    func power(_ subject: Subject) -> Outcome {
        guard meter.origin != .unavailable else { return .unknown(noMeter) }
        let windows = windows[subject] ?? []
        guard windows.count >= Self.minimumWindows else {
            return .unknown(
                "not resolved: \(windows.count) of the \(Self.minimumWindows) energy windows of \(subject) that are "
                    + "needed; \(missingRemedy(subject))")
        }
        guard let power = mean(of: subject, windows, powers), power.value > 0 else {
            return .unknown("not resolved: the counters did not change in \(windows.count) windows of \(subject)")
        }
        let ofRuns = zip(runs, powersOfRuns).compactMap { mean(of: subject, $0[subject] ?? [], $1)?.value }
        return .known(rounded(power.widened(byRuns: ofRuns, confidence: confidence), powers: 1))
    }

    /// An estimate with what a program's rounding of its samples does to every power alike, which no scatter shows: an error
    /// that is anywhere within half a unit.
    ///
    /// - Parameter powers: how many powers with such an error it is the sum or difference of.
    private func rounded(_ estimate: Estimate, powers: Double) -> Estimate {
        guard let unit = meter.program?.resolutionWatts, estimate.spread != nil else { return estimate }
        let error = unit * (powers / 12).squareRoot()
        return estimate
            + Estimate(
                value: 0, spread: .init(standardError: error, degreesOfFreedom: 1e6, confidence: confidence),
                count: estimate.count)
    }

    /// More time does not help where windows are rejected for a cause that lasts, such as a counter that wraps too often.
    ///
    /// Windows of a whole step may all be too long where those of its layers are not.
    private func missingRemedy(_ subject: Subject) -> String {
        if let ended = meter.program?.ended { return "the meter stopped during the run: \(PlainText.shown(ended))" }
        let kept = windows.reduce(0) { $0 + ($1.key.kind == subject.kind ? $1.value.count : 0) }
        let rejected = rejections.filter { $0.reason.hasPrefix("\(subject.kind.rawValue) window: ") }
        guard rejected.reduce(0, { $0 + $1.count }) > kept else { return "profile for longer" }
        let causes = rejected.sorted { $0.count > $1.count }.prefix(3).map { "\($0.count) x \($0.reason)" }
        return "rejected were " + causes.joined(separator: ", ")
    }

    private func mean(of subject: Subject, _ windows: [EnergyWindow], _ powers: WindowPower) -> Estimate? {
        subject == .idle ? powers.idle?.level : powers.gross(windows)
    }

    /// Drift of the idle power over the run; unavailable for pooled profiles.
    func idleDrift() -> Quantity {
        guard meter.origin != .unavailable else { return .unavailable(noMeter) }
        guard let idle = powers.idle, idle.drift.halfWidth.isFinite, runs.isEmpty else {
            return .unavailable(runs.isEmpty ? "too few idle windows" : "several runs were pooled")
        }
        return Quantity(idle.drift, confidence: confidence, origin: meter.origin)
    }

    func netOutcome(_ subject: Subject) -> Outcome {
        guard case .known = power(subject) else { return power(subject) }
        guard case .known = power(.idle) else { return power(.idle) }
        guard let net = powers.net(windows[subject] ?? []), let idle = powers.idle else { return power(.idle) }
        guard abs(idle.drift.value) <= Self.maximumDrift else {
            return .unknown(
                "not resolved: the idle power changed by \(NumberText.percent(idle.drift.value)) over the run, "
                    + "\(NumberText.percent(Self.maximumDrift)) is the limit; let the box settle and profile again")
        }
        let ofRuns = zip(runs, powersOfRuns).compactMap { $1.net($0[subject] ?? [])?.value }
        let widened = net.widened(byRuns: ofRuns, confidence: confidence)
        return net.value > 0
            ? .known(rounded(widened, powers: 2))
            : .unknown("not resolved: the power of \(subject) is not above idle power")
    }

    /// Powers of the same pass of several blocks; `nil` unless all are known.
    func observation(of passes: [LayerPass], isNet: Bool) -> GroupObservation? {
        func parts(_ pass: LayerPass, _ windows: [Subject: [EnergyWindow]], _ powers: WindowPower) -> WindowPower.Parts?
        {
            guard let windows = windows[.pass(pass)], windows.count > 1 else { return nil }
            return isNet ? powers.netParts(windows) : powers.grossParts(windows)
        }
        for pass in passes {
            guard case .known = isNet ? netOutcome(.pass(pass)) : power(.pass(pass)) else { return nil }
        }
        let all = passes.compactMap { parts($0, windows, powers) }
        var own = all.compactMap(\.own.spread)
        guard all.count == passes.count, own.count == passes.count else { return nil }
        // The idle power's error differs by the time of the windows; the largest is that of all.
        let common = all.compactMap(\.ofIdle?.spread).max { $0.standardError < $1.standardError }
        // Several runs: what sets a block apart, and the group's mean, as the runs have them.
        let ofRuns = zip(runs, powersOfRuns).map { windows, powers in
            passes.compactMap { parts($0, windows, powers)?.own.value }
        }.filter { $0.count == passes.count }
        var ofMean: Estimate.Spread?
        if ofRuns.count > 1 {
            let means = ofRuns.map { $0.reduce(0, +) / Double(passes.count) }
            ofMean = Estimate.mean(of: means, confidence: confidence)?.spread
            for place in own.indices {
                let differences = zip(ofRuns, means).map { $0[place] - $1 }
                guard let between = Estimate.mean(of: differences, confidence: confidence)?.spread,
                    between.standardError > own[place].standardError
                else { continue }
                own[place] = between
            }
        }
        return GroupObservation(
            values: all.map(\.own.value), own: own, ofMean: ofMean, common: common,
            count: all.map(\.own.count).min() ?? 0)
    }
}
