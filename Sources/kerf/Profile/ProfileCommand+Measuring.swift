import CPUFreq
import Calibration
import Logging
import ModelFiles
import ProbeKit
import Profiling
import TransformerKernels

/// Taking the samples: of the whole box, at each of its clocks, and of each kind of core by itself.
extension ProfileCommand {
    /// What a run measures, and with what.
    struct Measuring {
        let source: any WeightSource
        let engine: any MatrixEngine
        let energy: MeterSelection
        let conditions: ConditionsMonitor
    }

    /// What came of it, without the layers' memory.
    struct Measured {
        let peaks: MachinePeaks
        let layers: [LayerDescription]
        let workload: WorkloadDescription
        let residency: WeightResidency
        let record: ExperimentRecord
        var sweep: FrequencySweep?
        /// What of the sweep was cut off, and why.
        var notSwept: [String] = []
        /// The clock's limits could not be given back. It is said when all that was measured has been written.
        var clockFailure: ProbeError?
    }

    /// The whole run. The clock's limits are given back at its end, whatever came of it.
    func measure(_ what: Measuring, _ outcome: ClockSweep.Outcome) throws -> Measured {
        guard case .possible(let clocks) = outcome else { return try measureBox(what, at: nil) }
        var result = Result { try measureSweep(what, clocks) }
        do throws(ProbeError) {
            try clocks.lease.release()
        } catch {
            // Without a result this is what has to be said.
            guard case .success(var measured) = result else { throw error }
            measured.clockFailure = error
            result = .success(measured)
        }
        return try result.get()
    }

    /// The box, and then each kind of core for which the others' clock can be given back.
    private func measureSweep(_ what: Measuring, _ clocks: ClockSweep) throws -> Measured {
        var measured = try measureBox(what, at: clocks)
        for (index, group) in clocks.groups.enumerated() {
            do throws(ProbeError) {
                try clocks.lease.reset()
            } catch {
                measured.notSwept = clocks.groups[index...].map { "\($0.name)s by themselves: \(error)" }
                break
            }
            measured.sweep?.append(try measure(group, what, clocks))
        }
        return measured
    }

    /// All processors, at the clock that is found and then at every clock asked for.
    private func measureBox(_ what: Measuring, at clocks: ClockSweep?) throws -> Measured {
        let stack = try workload.stack(source: what.source, engine: what.engine, seed: UInt64(seed))
        let peaks = MachinePeaks.measured(engine: what.engine, format: stack.format)
        let record = try withProgress { try experiment(stack, what, settings(budget), progress: $0).run() }
        let sweep = try clocks.map { try visits(stack, what, $0, nil) }
        return Measured(
            peaks: peaks, layers: LayerDescription.all(of: stack, engine: what.engine),
            workload: WorkloadDescription(stack), residency: stack.residency, record: record, sweep: sweep)
    }

    /// One kind of core, on which as many threads run as it has processors.
    private func measure(_ group: ClockGroup, _ what: Measuring, _ clocks: ClockSweep) throws -> FrequencySweep {
        let engine = try workload.matrixEngine(on: group.cpus)
        let stack = try workload.stack(source: what.source, engine: engine, seed: UInt64(seed))
        var sweep = try visits(stack, what, clocks, group)
        sweep.groups = [SweptGroup(name: group.name, cpus: group.cpus, threads: engine.threadCount)]
        return sweep
    }

    private func visits(
        _ stack: LayerStack, _ what: Measuring, _ clocks: ClockSweep, _ group: ClockGroup?
    ) throws -> FrequencySweep {
        let budget = (sweep.sweepBudget ?? budget) / Double(1 + clocks.groups.count)
        let steps = group?.steps ?? clocks.clocks
        let policies = Set(steps.flatMap(\.policyHertz.keys))
        var sweep = try withProgress { progress in
            try FrequencySweepRun(
                group: group?.name, clocks: steps, control: clocks.lease, settings: settings(budget),
                progress: progress
            ) { experiment(stack, what, $0, clockOf: policies, progress: $1) }.run()
        }
        sweep.budgetSeconds *= Double(1 + clocks.groups.count)
        return sweep
    }

    private func withProgress<Result>(_ body: (@escaping (Progress) -> Void) throws -> Result) rethrows -> Result {
        let progress = ProgressLine(quiet: quiet)
        defer { progress.finish() }
        return try body(progress.show)
    }

    private func settings(_ budget: Double) -> ExperimentSettings {
        ExperimentSettings(budgetSeconds: budget, targetRelativeHalfWidth: targetCi / 100, seed: UInt64(seed))
    }

    /// - Parameter policies: whose clock is looked at; `nil` for all.
    private func experiment(
        _ stack: LayerStack, _ what: Measuring, _ settings: ExperimentSettings, clockOf policies: Set<String>? = nil,
        progress: @escaping (Progress) -> Void
    ) -> Experiment {
        var logger = Logger(label: "kerf.profiling", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = verbose ? .debug : .warning
        return Experiment(
            step: stack, meter: what.energy.meter, updates: what.energy.description.updates, settings: settings,
            conditions: { what.conditions.now(clockOf: policies) }, shouldStop: { Interruption.isRequested },
            progress: progress, logger: logger)
    }
}
