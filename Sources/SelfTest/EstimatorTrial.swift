import Calibration
import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import Statistics
import SystemIO
import Workload

/// One run of the experiment in virtual time, and the energies that a calibration would compute from it.
struct EstimatorTrial {
    var gross: Quantity
    var net: Quantity
    /// The ground truth for the middle of the idle windows, which the gross energy is for.
    var grossTruthJoules: Double
    /// Virtual time that the run took.
    var seconds: Double
    /// Kept windows of the layer.
    var windows: Int
    var rejections: [Rejection]

    /// How long, and for how many intervals, the counter is observed before the run.
    private static let observation = (seconds: 2.0, intervals: 64)

    /// Runs the same experiment as `kerf profile`, with the virtual box as clock and meter.
    init(_ truth: GroundTruth, intervals: [Double], settings: ExperimentSettings) throws {
        var generator = SeededGenerator(seed: settings.seed)
        let box = VirtualBox(
            truth, intervals: intervals, runSeconds: settings.budgetSeconds, generator: &generator)
        // Separate streams: the order of the experiment must not be correlated with the noise that it measures.
        let layer = SyntheticLayer(truth, on: box, generator: SeededGenerator(seed: generator.next()))
        var settings = settings
        settings.seed = generator.next()
        let updates = try box.watchUpdates(for: Self.observation.seconds, orUntil: Self.observation.intervals).updates
        let began = box.now()
        let record: ExperimentRecord
        do {
            record = try Experiment(
                step: layer, clock: box, meter: box, updates: updates, settings: settings,
                conditions: layer.conditions
            ).run()
            if let failure = record.stepFailure { throw failure }
        } catch let error as KerfError where error.code == .disturbed {
            gross = .unavailable(error.description)
            net = gross
            grossTruthJoules = truth.grossJoules
            seconds = box.now().seconds(since: began)
            windows = 0
            rejections = []
            return
        }
        let meter = MeterDescription(
            name: box.name, origin: record.meterFailure == nil ? box.origin : .unavailable, domains: box.tree.domains,
            totalOf: box.tree.counted.map(\.identifier),
            updateIntervalSeconds: updates.map { Quantity(value: $0.medianSeconds, origin: .simulated) }
                ?? .unavailable("the counter did not change"),
            updates: updates, reason: record.meterFailure)
        let times = record.layerTimes.first
        let energy = LayerEnergy(
            layer: times?.layer ?? 0, direction: times?.direction ?? .forward, meter: meter,
            idleWindows: record.idleWindows,
            windows: record.energyWindows, seconds: times?.seconds ?? [], steps: record.instrumentedSteps,
            confidence: settings.confidence)
        let middles = record.idleWindows.map { $0.startSeconds + $0.seconds / 2 }
        let middle = middles.isEmpty ? 0 : middles.reduce(0, +) / Double(middles.count)
        let drift = box.driftWatts(at: Double(began.nanoseconds) * 1e-9 + middle)
        grossTruthJoules = truth.grossJoules + drift * truth.layerSeconds
        gross = energy.grossJoules
        net = energy.netJoules
        seconds = box.now().seconds(since: began)
        windows = record.energyWindows.count { $0.subject == .layer }
        rejections = record.rejections
    }
}
