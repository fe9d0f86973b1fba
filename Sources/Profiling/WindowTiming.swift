import ProbeKit
import ProfileFormat
import Quantities

/// How long energy windows are, and what comes before and around them. All times are in seconds.
struct WindowTiming: Sendable {
    /// Long enough for many updates of the counters, and short enough that the budget holds ten windows of each pass.
    let windowSeconds: Double
    /// Beyond this a counter of the total could wrap twice between a window's edges. Infinite where that is not known,
    /// and for a counter that wraps within a few updates: its windows are rejected.
    let maximumWindowSeconds: Double
    /// Between updates of the counters; 0 where it is not known, and for a power sensor that is integrated.
    let updateSeconds: Double
    /// A power sensor reports an average of the time before: for so long after a change it may still show the earlier
    /// load. 0 for an energy counter.
    let trailingSeconds: Double
    /// Whether the meter can be read between the passes of a step. A sensor that trails would show the layers before, and
    /// another program's samples come later.
    let readsWithinSteps: Bool
    /// Up to this much, drawn at random, a window is shorter than planned and what comes before it longer.
    ///
    /// A coarse counter shows an update only when it has reached its next unit, and hides what it is beyond that. Work
    /// that always had the same length and power would begin and end at the same place between two units, and always be
    /// off by the same amount.
    let spreadSeconds: Double
    /// Why no pass is repeated alone; `nil` where the budget has windows for that.
    let whyNotLooped: String?

    /// A window spans this many counter updates where the budget allows. Its ends are aligned to updates, so a perfect
    /// counter would need few. Many windows of medium length give a narrower interval in the same time than few long
    /// ones, since Student's t is wide for few.
    static let updatesPerWindow = 50.0
    /// The window when the update interval is not known, and the shortest one.
    static let minimumWindowSeconds = 0.05
    static let maximumIdleSeconds = 0.25
    /// What a window of reported samples takes with its wait and the windows that are rejected, over its length.
    static let reportedShare = 1.5
    /// Worker threads spin for a few milliseconds after the last pass before they sleep.
    static let minimumRestSeconds = 0.03

    init(settings: ExperimentSettings, meter: (any EnergyMeter)?, updates: CounterUpdates?, passCount: Int) {
        maximumWindowSeconds = Self.unambiguousSeconds(of: meter, updates: updates)
        let wanted = (updates?.meanSeconds ?? 0) * Self.updatesPerWindow
        updateSeconds = meter?.sampling == nil ? updates?.meanSeconds ?? 0 : 0
        trailingSeconds = 2 * (meter?.sampling?.refreshSeconds ?? 0)
        readsWithinSteps = trailingSeconds == 0 && meter?.reportedPower == nil
        let looped = settings.budgetSeconds / Double(10 * (passCount + 2))
        guard let reported = meter?.reportedPower else {
            windowSeconds = min(maximumWindowSeconds, max(Self.minimumWindowSeconds, min(wanted, looped)))
            spreadSeconds = min(2 * updateSeconds, windowSeconds / 2)
            whyNotLooped = nil
            return
        }
        // A shorter window holds nothing, so that either all passes have windows of this length or none has one. Each waits
        // for its samples and may lack one of them, so that it is half as long as the budget would allow for others.
        let least = reported.minimumWindowSeconds + reported.intervalSeconds
        let isLooped = settings.loopsPasses && looped >= Self.reportedShare * least
        windowSeconds = max(least, min(wanted, isLooped ? looped / 2 : settings.budgetSeconds / 40))
        spreadSeconds = reported.intervalSeconds
        whyNotLooped =
            isLooped || !settings.loopsPasses
            ? nil
            : "the meter's samples need windows of \(NumberText.si(least, "s")), and a budget of "
                + NumberText.si(Self.reportedShare * least * Double(10 * (passCount + 2)), "s")
    }

    /// The longest window in which no counter of the total can have wrapped twice.
    private static func unambiguousSeconds(of meter: (any EnergyMeter)?, updates: CounterUpdates?) -> Double {
        guard let meter, let updates else { return .infinity }
        // The wait for both edges is part of the window.
        let longest =
            0.9 * (meter.tree.counted.map(\.unambiguousSeconds).min() ?? .infinity) - 4 * updates.longestSeconds
        return longest > 4 * updates.longestSeconds ? longest : .infinity
    }

    /// Before an idle window.
    var restSeconds: Double { max(Self.minimumRestSeconds, trailingSeconds) }

    /// Before the window of a pass: a fifth of a window, which makes its power steady. None for a pass that fills a
    /// window by itself. With a sensor that trails, only the pass may be visible when the window begins.
    func runUpSeconds(passSeconds: Double) -> Double {
        max(trailingSeconds, passSeconds < windowSeconds ? 0.2 * windowSeconds : 0)
    }

    /// - Parameter share: what the plan has for an idle window.
    func idleSeconds(share: Double) -> Double {
        max(windowSeconds, min(Self.maximumIdleSeconds, share, maximumWindowSeconds))
    }
}

/// Which instrumented steps read the meter between all their passes: so many, evenly spread, that readings cost at most
/// ``ExperimentSettings/samplingShare`` of the time of all steps.
struct SamplingPlan: Sendable {
    /// What one reading costs, first in a loop and then within steps; `nil` without a meter.
    var secondsPerSample: Double?
    /// Readings within steps so far.
    private var samples = (count: 0, seconds: 0.0)
    /// Steps whose readings can be afforded; the first step reads the meter.
    private var affordableSteps = 1.0

    /// - Parameters:
    ///   - stepSeconds: what a step is planned to take.
    ///   - boundaries: readings in a step.
    mutating func nextStepSamples(stepSeconds: Double, boundaries: Int, isMetered: Bool) -> Bool {
        guard let secondsPerSample, secondsPerSample > 0 else { return isMetered }
        let samples = ExperimentSettings.samplingShare * stepSeconds / secondsPerSample
        affordableSteps += min(1, samples / Double(boundaries))
        guard affordableSteps >= 1 else { return false }
        affordableSteps -= 1
        return true
    }

    /// Updates the cost of a reading by what readings took within steps.
    mutating func add(_ seconds: [Double]) {
        guard !seconds.isEmpty else { return }
        samples.seconds += seconds.reduce(0, +)
        samples.count += seconds.count
        secondsPerSample = samples.seconds / Double(samples.count)
    }
}
