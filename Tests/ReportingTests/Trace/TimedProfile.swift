import ProfileFormat
import Quantities
import TestSupport
import Workload

/// A profile with times, as Kerf records them: whole nanoseconds since the start of the run.
///
/// Every 100 ms one task: an idle window, a plain step in a window, an instrumented step in a window.
struct TimedProfile {
    static let stepNanoseconds = 30_000_000
    static let kernels = ["qkv_proj": 0.25, "attention": 0.5, "adamw": 0.125]

    /// - Parameter gap: nanoseconds between a step's layers, in which the meter is read.
    static func make(steps: Int = 4, gap: Int = 20_000) -> Profile {
        var synthetic = SyntheticProfile()
        (synthetic.blocks, synthetic.steps, synthetic.origin) = (2, steps, .measured)
        var profile = synthetic.make()
        profile.box.virtualBoard = nil
        let passes =
            (0..<4).map { LayerPass(layer: $0, direction: .forward) }
            + [3, 2, 1].map { LayerPass(layer: $0, direction: .backward) }
        let lengths = passes.indices.map { 1_000_001 + 500_000 * $0 }
        profile.layerTimes = zip(passes, lengths).map { pass, length in
            LayerTimes(
                layer: pass.layer, direction: pass.direction,
                seconds: (0..<steps).map { seconds(length + 3 * $0) },
                kernels: pass.layer == 0
                    ? [:] : kernels.mapValues { share in (0..<steps).map { Double(length + 3 * $0) * share * 1e-9 } })
        }
        profile.steps = []
        profile.instrumentedSteps = []
        profile.stepTraces = []
        profile.energyWindows = []
        profile.idleWindows = []
        var start = 0
        func window(_ subject: EnergyWindow.Subject, watts: Double, length: Int) -> EnergyWindow {
            EnergyWindow(
                subject: subject, iterations: subject == .idle ? 0 : 1, seconds: seconds(length),
                workSeconds: seconds(length - 1000), cpuSeconds: seconds(length),
                joules: [
                    "package-0": 0.75 * watts * seconds(length), "package-0/dramSide": 0.25 * watts * seconds(length),
                ],
                startSeconds: seconds(start))
        }
        for step in 0..<steps {
            profile.idleWindows.append(window(.idle, watts: 8, length: 50_000_000))
            start += 100_000_000
            profile.steps.append(
                StepSample(
                    seconds: seconds(stepNanoseconds), cpuSeconds: 0.05, pair: step,
                    startSeconds: seconds(start + 1_000_000)))
            profile.energyWindows.append(window(.step, watts: 30, length: 40_000_000))
            start += 100_000_000
            let began = start + 1_000_000
            var boundaries = [0]
            for place in passes.indices { boundaries.append(boundaries[place] + gap + lengths[place] + 3 * step) }
            profile.instrumentedSteps?.append(
                StepSample(
                    seconds: seconds(boundaries[passes.count] + gap + 5000), cpuSeconds: 0.05, pair: step,
                    startSeconds: seconds(began)))
            profile.stepTraces?.append(
                StepTrace(
                    startSeconds: seconds(began + 5000), pair: step,
                    seconds: boundaries.map { seconds($0) },
                    joules: [
                        "package-0": boundaries.map { Double($0) * 1e-9 },
                        "package-0/dramSide": boundaries.map { _ in 0 },
                    ]))
            profile.energyWindows.append(window(.instrumentedStep, watts: 32, length: 40_000_000))
            start += 100_000_000
        }
        profile.conditions = ConditionSeries(
            seconds: [0.1, 0.2, 0.5], otherProcessors: [0, 1.5, nil], stealProcessors: [0, 0, 0.25],
            quotaRatio: [0, 0, 0], waitingThreads: [0, 0.5, 0], throttleCount: [0, 2, 0],
            hertz: [3e9, 2.5e9, 3e9], celsius: [50, 60.5, nil], referenceSeconds: nil)
        return profile
    }

    static func seconds(_ nanoseconds: Int) -> Double { Double(nanoseconds) * 1e-9 }
}
