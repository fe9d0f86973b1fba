import CPUFreq
import Host
import Logging
import Markers
import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import SystemIO
import Workload

/// One profiling run on this box: the whole box, then each frequency, then each core type alone.
package struct ProfileRun {
    /// Called with the progress of the run; `nil` ends a line of progress.
    package typealias ProgressHandler = (Progress?) -> Void

    private let subject: ProfileSubject
    private let request: ProfileRequest
    private let shouldStop: () -> Bool
    private let progress: ProgressHandler
    private let logger: Logger

    /// The outcome of a run.
    package struct Result {
        package var profile: Profile
        /// What disturbs windows on some boxes and cannot be monitored on this one.
        package var unmonitored: [String]
        /// Frequencies that were requested and not swept, and why.
        package var notSwept: [String]
        /// The frequency limits could not be restored. The profile is still complete.
        package var frequencyFailure: KerfError?
        /// The step failed after enough samples for a profile: another program's, for one, has ended.
        package var stepFailure: KerfError?
        /// Whether every interval of the profile itself, without its sweep, was narrow enough before the budget ended.
        package var isSettled: Bool
    }

    /// - Parameters:
    ///   - shouldStop: asked between passes; `true` ends the run with ``KerfError/Code/interrupted``.
    ///   - logger: takes cycles and rejected windows at level debug.
    package init(
        _ subject: ProfileSubject, request: ProfileRequest, shouldStop: @escaping () -> Bool = { false },
        progress: @escaping ProgressHandler = { _ in }, logger: Logger
    ) {
        self.subject = subject
        self.request = request
        self.shouldStop = shouldStop
        self.progress = progress
        self.logger = logger
    }

    /// - Throws: ``KerfError``; whatever the engine or the weights throw. A meter that fails during the run does not end
    ///   it, unless energy is required.
    package func run() throws -> Result {
        progress(
            Progress(
                elapsedSeconds: 0, remainingSeconds: request.budgetSeconds, activity: subject.firstActivity))
        let started = try StartedSubject(subject, request.workload, shouldStop: shouldStop)
        defer { started.stop() }
        let host = HostProbe()
        let identity = try host.identity()
        let energy = try MeterSelection.choose(
            request.meter, measuring: started.process, on: started.accelerators)
        defer { energy.close() }
        if request.requiresEnergy, energy.meter == nil {
            var failure = energy.failure ?? KerfError(.unavailable, energy.description.reason ?? "no energy meter")
            failure.code = .unavailable
            failure.message = "energy is required: \(failure.message)"
            failure.remedy = failure.remedy ?? .virtualBoard
            throw failure
        }
        let inspection = BoxInspection(host: identity, cpuinfoHertz: host.cpuinfoHertz(), meterRoot: energy.root)
        let conditions = ConditionsMonitor(
            host, of: started.process, frequencyRoot: energy.root, meterOrigin: energy.description.origin,
            ignoresLoad: request.ignoresLoad, ignoresSteal: request.ignoresLoad,
            usesAllProcessors: started.threadCount >= identity.topology.threads)
        let disturbances = DisturbanceLog(
            processorCount: identity.topology.threads,
            processes: conditions.monitorsProcesses ? host.processMonitor(beside: started.process) : nil)
        let sweep = try FrequencySweepPlan.prepare(request.frequencies, root: energy.root)

        let run = try measure(
            Instruments(started: started, energy: energy, conditions: conditions, disturbances: disturbances), sweep)
        let meter = energy.finalDescription.after(run.record)
        let lost =
            meter.origin == .unavailable
            ? meter.reason ?? "the meter failed during the run"
            : meter.program?.ended ?? run.sweep?.visits.compactMap(\.meterFailure).first
        if request.requiresEnergy, let lost {
            throw run.stepFailure ?? run.frequencyFailure ?? KerfError(.unavailable, "energy is required: \(lost)")
        }
        return Result(
            profile: profile(run, inspection, started, meter, disturbances), unmonitored: conditions.unmonitored,
            notSwept: sweep.notSwept + run.notSwept, frequencyFailure: run.frequencyFailure,
            stepFailure: run.stepFailure, isSettled: run.record.isSettled)
    }

    private func profile(
        _ run: Measured, _ inspection: BoxInspection, _ started: StartedSubject, _ meter: MeterDescription,
        _ disturbances: DisturbanceLog
    ) -> Profile {
        let record = run.record
        return Profile(
            kerfVersion: KerfVersion.current, created: currentTimestamp(),
            box: inspection.identity(engine: started.engineIdentity),
            frequency: inspection.frequency(during: record),
            rated: inspection.rated(threads: started.threadCount), meter: meter, model: started.model,
            workload: run.prepared.workload,
            settings: ProfileSettings(
                budgetSeconds: request.budgetSeconds, targetRelativeHalfWidth: request.targetRelativeHalfWidth,
                confidence: 0.95, seed: request.seed, weightResidency: run.prepared.residency),
            roofline: run.prepared.roofline, layers: run.prepared.layers, steps: record.steps,
            layerTimes: record.layerTimes,
            instrumentedSteps: record.instrumentedSteps,
            instrumentationOverheadPairs: record.instrumentationOverheadPairs.isEmpty
                ? nil : record.instrumentationOverheadPairs,
            stepTraces: record.traces.isEmpty ? nil : record.traces, idleWindows: record.idleWindows,
            energyWindows: record.energyWindows, rejections: record.rejections, overhead: record.overhead,
            frequencySweep: run.sweep, disturbances: disturbances.disturbances(), conditions: disturbances.conditions)
    }

    // MARK: - Measuring

    private struct Instruments {
        let started: StartedSubject
        let energy: MeterSelection
        let conditions: ConditionsMonitor
        let disturbances: DisturbanceLog
    }

    private struct Measured {
        let prepared: StartedSubject.Description
        let record: ExperimentRecord
        /// Why the step failed after enough samples.
        var stepFailure: KerfError?
        var sweep: FrequencySweep?
        /// Parts of the sweep that were cut off, and why.
        var notSwept: [String] = []
        var frequencyFailure: KerfError?
    }

    /// The whole run. The frequency limits are restored at its end, also after an error.
    private func measure(_ instruments: Instruments, _ outcome: FrequencySweepPlan.Outcome) throws -> Measured {
        guard case .possible(let plan) = outcome else { return try measureBox(instruments, at: nil) }
        var result = Swift.Result { try measureSweep(instruments, plan) }
        do throws(KerfError) {
            try plan.lease.release()
        } catch {
            // Without a result this is the error to report.
            guard case .success(var measured) = result else { throw error }
            measured.frequencyFailure = error
            result = .success(measured)
        }
        return try result.get()
    }

    /// The box, and then each core type for which the limits of the others can be restored.
    private func measureSweep(_ instruments: Instruments, _ plan: FrequencySweepPlan) throws -> Measured {
        var measured = try measureBox(instruments, at: plan)
        if case .program = instruments.started {
            if !plan.groups.isEmpty, measured.stepFailure == nil {
                measured.notSwept = ["core types alone: the program itself chooses its processors"]
            }
            return measured
        }
        for (index, group) in plan.groups.enumerated() {
            do throws(KerfError) {
                try plan.lease.reset()
            } catch {
                measured.notSwept = plan.groups[index...].map { "\($0.name)s alone: \(error)" }
                break
            }
            measured.sweep?.append(try measure(group, instruments, plan))
        }
        return measured
    }

    /// All processors, at the current frequency, then at every requested one.
    private func measureBox(_ instruments: Instruments, at plan: FrequencySweepPlan?) throws -> Measured {
        let (step, prepared) = try instruments.started.prepare(request)
        var settings = settings(request.budgetSeconds)
        settings.loopsPasses = prepared.canRepeat
        let record = try withProgress { try experiment(step, instruments, settings, progress: $0).run() }
        var measured = Measured(prepared: prepared, record: record, stepFailure: record.stepFailure)
        // A step that has failed is not swept.
        guard let plan, record.stepFailure == nil else { return measured }
        do {
            measured.sweep = try visits(step, instruments, plan, nil)
        } catch let error as KerfError where error.code == .programFailed {
            measured.stepFailure = error
        }
        return measured
    }

    /// One core type, with as many threads as it has processors.
    private func measure(
        _ group: CoreGroup, _ instruments: Instruments, _ plan: FrequencySweepPlan
    ) throws -> FrequencySweep {
        let (stack, threads) = try instruments.started.stack(request, on: group.cpus)
        var sweep = try visits(stack, instruments, plan, group)
        sweep.groups = [SweptGroup(name: group.name, cpus: group.cpus, threads: threads)]
        return sweep
    }

    private func visits(
        _ step: any ProfiledStep, _ instruments: Instruments, _ plan: FrequencySweepPlan, _ group: CoreGroup?
    ) throws -> FrequencySweep {
        // A program is not swept on core types alone.
        let parts = if case .program = instruments.started { 0 } else { plan.groups.count }
        let share = Double(1 + parts)
        let budget = (request.sweepBudgetSeconds ?? request.budgetSeconds) / share
        let setpoints = group?.setpoints ?? plan.setpoints
        let policies = Set(setpoints.flatMap(\.policyHertz.keys))
        var sweep = try withProgress { progress in
            try FrequencySweepRun(
                group: group?.name, setpoints: setpoints, control: plan.lease, settings: settings(budget),
                progress: progress
            ) { experiment(step, instruments, $0, frequencyOf: policies, progress: $1) }.run()
        }
        sweep.budgetSeconds *= share
        return sweep
    }

    private func withProgress<Value>(_ body: (@escaping (Progress) -> Void) throws -> Value) rethrows -> Value {
        defer { progress(nil) }
        return try body(progress)
    }

    private func settings(_ budget: Double) -> ExperimentSettings {
        ExperimentSettings(
            budgetSeconds: budget, targetRelativeHalfWidth: request.targetRelativeHalfWidth,
            seed: UInt64(request.seed))
    }

    /// - Parameter policies: whose frequency is recorded; `nil` for all.
    private func experiment(
        _ step: any ProfiledStep, _ instruments: Instruments, _ settings: ExperimentSettings,
        frequencyOf policies: Set<String>? = nil, progress: @escaping (Progress) -> Void
    ) -> Experiment {
        Experiment(
            step: step, clock: SystemClock(instruments.started.process), meter: instruments.energy.meter,
            updates: instruments.energy.description.updates, description: instruments.energy.description,
            settings: settings,
            conditions: { instruments.conditions.now(frequencyOf: policies) },
            reference: instruments.conditions.referenceSeconds,
            disturbances: instruments.disturbances, shouldStop: shouldStop, progress: progress, logger: logger)
    }
}
