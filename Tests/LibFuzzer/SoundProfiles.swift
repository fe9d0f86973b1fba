import ProfileFormat
import Quantities
import Statistics
import TestSupport
import Workload

/// Small profiles with everything that a profile can hold, each from a ground truth.
enum SoundProfiles {
    /// Without a meter, measured, and simulated with all that is optional.
    static func all() throws -> [Profile] { [planted(.unavailable).make(), planted(.measured).make(), full()] }

    static func planted(_ origin: Origin, clock hertz: Double = 3e9) -> SyntheticProfile {
        var planted = SyntheticProfile()
        (planted.blocks, planted.steps, planted.windows) = (1, 2, 2)
        planted.origin = origin
        planted.blockSeconds *= 3e9 / hertz
        planted.headSeconds *= 3e9 / hertz
        planted.forwardWatts = 22 + 2 * hertz * hertz / 1e18
        planted.backwardWatts = planted.forwardWatts
        planted.seed = UInt64(hertz / 1e6)
        return planted
    }

    private static func full() -> Profile {
        var profile = planted(.simulated).make()
        profile.roofline = Roofline(
            flopsPerSecond: Quantity(value: 2e11, count: 5, origin: .measured),
            bytesPerSecond: Quantity(value: 3e10, count: 5, origin: .measured))
        profile.steps = profile.steps.enumerated().map {
            StepSample(seconds: $1.seconds, cpuSeconds: $1.cpuSeconds, pair: $0, startSeconds: Double($0))
        }
        profile.instrumentedSteps = profile.steps
        let marks = (0..<(2 * profile.layers.count)).map { 0.02 * Double($0) }
        profile.stepTraces = (0..<5).map {
            StepTrace(
                startSeconds: Double($0), pair: $0, seconds: marks,
                joules: Dictionary(
                    uniqueKeysWithValues: profile.meter.totalOf.map { ($0, marks.map { 15 * $0 }) }))
        }
        profile.disturbances = Disturbances(
            measurementCount: 9, measuredSeconds: 4,
            causes: [
                DisturbanceCause(cause: .otherLoad, count: 3, seconds: 1, otherProcessors: 1.1, stealProcessors: 0),
                DisturbanceCause(cause: .quota, count: 1, seconds: 0.1),
            ], processorCount: 2,
            processes: [OtherProcess(command: "train.py", processors: 1, cpuSeconds: 1)], processSamplingSeconds: 0.01)
        profile.conditions = ConditionSeries(
            seconds: [0.1, 0.2], otherProcessors: [0, nil], throttleCount: [0, nil], celsius: [50, 51])
        let visits = [1e9, 2e9, 3e9].map { visit(hertz: $0) }
        let slow = visits.map { visit in
            var visit = visit
            visit.group = "E-core"
            return visit
        }
        profile.frequencySweep = FrequencySweep(
            seed: 1, budgetSeconds: 60, groups: [SweptGroup(name: "E-core", cpus: [4, 5], threads: 2)],
            visits: visits + slow)
        let share = Quantity(value: 0.01, lower: -0.01, upper: 0.03, confidence: 0.95, count: 9, origin: .measured)
        profile.checks = ProfileChecks(
            closure: Closure(timeRatio: share, grossEnergyRatio: share, netEnergyRatio: share), attribution: nil,
            overheadTimeRatio: share, overheadEnergyRatio: share, computedOverheadRatio: share, idleDriftRatio: share,
            failures: ["time"])
        return profile
    }

    private static func visit(hertz: Double) -> FrequencyVisit {
        let samples = planted(.simulated, clock: hertz).make()
        return FrequencyVisit(
            hertz: hertz, policyHertz: ["policy0": hertz], achievedHertz: [hertz], steps: samples.steps,
            layerTimes: samples.layerTimes, idleWindows: samples.idleWindows,
            energyWindows: samples.energyWindows.filter { $0.subject == .step }, rejections: [])
    }
}
