import ProfileFormat
import SystemIO
import Workload

extension ProfiledStep {
    /// Whether weights have to be loaded in the middle of a step.
    var isInterrupted: Bool { passes.contains { needsPreparation(layer: $0.layer) } }

    /// One whole step, its loads of weights kept out: the passes between two loads are one stretch, which begins and
    /// ends at updates of the counters, since loading draws another power than computing.
    func costOfInterruptedStep(gauge: MeteredInterval, checkpoint: () throws -> Void) throws -> Cost {
        var total = Cost()
        var pending = passes[...]
        while let next = pending.first {
            try checkpoint()
            if needsPreparation(layer: next.layer) { try prepare(layer: next.layer) }
            total += try gauge.cost {
                repeat {
                    try run(pending.removeFirst())
                } while pending.first.map { !needsPreparation(layer: $0.layer) } ?? false
            }
        }
        return total
    }

    /// The time of one whole step with all weights in memory.
    ///
    /// - Parameter order: the step's passes.
    func timeOfWholeStep(_ order: [LayerPass], clock: any ExperimentClock, pair: Int) throws -> StepSample {
        let cpuBefore = clock.cpuSeconds()
        let start = clock.now()
        for pass in order { try run(pass) }
        let end = clock.now()
        return StepSample(
            seconds: end.seconds(since: start), cpuSeconds: clock.cpuSeconds() - cpuBefore, pair: pair)
    }
}
