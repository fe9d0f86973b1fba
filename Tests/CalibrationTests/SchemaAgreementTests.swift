import Calibration
import ModelFiles
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

/// The schemas and the Swift types require the same fields.
@Suite("Schemas and types", .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
struct SchemaAgreementTests {
    private static let known = Quantity(
        value: 1, lower: 0.9, upper: 1.1, confidence: 0.95, count: 9, degreesOfFreedom: 8, origin: .measured,
        reason: "planted")

    /// A profile with every field that a run can write.
    private static func fullProfile() throws -> Profile {
        var planted = SyntheticProfile()
        (planted.blocks, planted.steps, planted.windows) = (1, 2, 2)
        var profile = planted.make()
        complete(&profile.box, &profile.frequency, &profile.meter, &profile.workload)
        profile.model.variant = .planted
        profile.layers = profile.layers.map(completed)
        profile.roofline = Roofline(flopsPerSecond: known, bytesPerSecond: known)
        let instrumented = profile.layerTimes.first?.seconds.count ?? 0
        profile.steps = profile.steps.map {
            StepSample(seconds: $0.seconds, cpuSeconds: $0.cpuSeconds, pair: 1, startSeconds: 2)
        }
        profile.instrumentedSteps = (0..<instrumented).map { StepSample(seconds: 1, cpuSeconds: 1, pair: $0) }
        profile.stepTraces = [
            StepTrace(
                startSeconds: 0, pair: 0, staleSeconds: 0.001, seconds: [0, 0.1, 0.2, 0.3, 0.4, 0.5],
                joules: ["package-0": [0, 1, nil, 2, 3, 4]])
        ]
        for index in profile.energyWindows.indices { complete(&profile.energyWindows[index]) }
        profile.overhead.samplesPerStep = 2
        let visit = FrequencyVisit(
            group: "performance core", hertz: 2e9, policyHertz: ["policy0": 2e9], achievedHertz: [2e9],
            steps: profile.steps, layerTimes: profile.layerTimes, idleWindows: profile.idleWindows,
            energyWindows: profile.energyWindows, rejections: profile.rejections, meterFailure: "lost", startSeconds: 60
        )
        profile.frequencySweep = FrequencySweep(
            seed: 1, budgetSeconds: 60, groups: [SweptGroup(name: "performance core", cpus: [0], threads: 1)],
            visits: [visit])
        profile.checks = ProfileChecks(
            closure: Closure(timeRatio: known, grossEnergyRatio: known, netEnergyRatio: known),
            attribution: Attribution(loopedEnergyJoules: known, inSituEnergyJoules: known, differenceRatio: known),
            overheadTimeRatio: known, overheadEnergyRatio: known, computedOverheadRatio: known, idleDriftRatio: known,
            failures: ["planted"])
        profile.disturbances = Disturbances(
            measurementCount: 9, measuredSeconds: 4,
            causes: [
                DisturbanceCause(cause: .otherLoad, count: 3, seconds: 1, otherProcessors: 1.1, stealProcessors: 0)
            ], processorCount: 2,
            processes: [OtherProcess(command: "planted", processors: 1, cpuSeconds: 1)], processSamplingSeconds: 0.01,
            rejectedIntervals: [RejectedInterval(startSeconds: 1, seconds: 0.3, cause: .otherLoad)])
        profile.conditions = ConditionSeries(
            seconds: [0.1, 0.2], otherProcessors: [0, nil], stealProcessors: [0, 0], quotaRatio: [0, 0],
            waitingThreads: [0, 0.1], throttleCount: [0, nil], hertz: [2e9, 2e9], celsius: [50, nil],
            referenceSeconds: [0.001, nil])
        return profile
    }

    private static func complete(
        _ box: inout BoxIdentity, _ frequency: inout FrequencyDescription, _ meter: inout MeterDescription,
        _ workload: inout WorkloadDescription
    ) {
        (box.hypervisor, box.governor, box.virtualBoard) = ("KVM", "performance", "planted")
        (frequency.settable, frequency.reason, frequency.referenceSeconds) = (false, "planted", known)
        meter.resolutionJoules = known
        meter.updates = CounterUpdates(intervalsSeconds: [0.001, 0.0011], resolutionJoules: 1e-6)
        meter.sampling = PowerSampling(
            intervalSeconds: 0.1, longestGapSeconds: 0.2, samples: 9, processorShare: 0.01, refreshSeconds: 0.1)
        meter.program = MeterProgramDescription(
            meter: "planted", reports: .watts, clock: .program, delaySeconds: known, averagingSeconds: 1,
            resolutionWatts: 0.1, explainedShare: 0.9, minimumWindowSeconds: 3.2, ended: "planted")
        meter.reason = "planted"
        meter.domains[0].maximumWatts = 100
        workload.weightFormats = ["Q4_K", "f32"]
        (workload.pinned, workload.forwardOnly, workload.activationCheckpointing) = (true, true, true)
    }

    private static func completed(_ layer: LayerDescription) -> LayerDescription {
        var layer = layer
        layer.memory = LayerMemory(
            weightBytes: 1, adapterBytes: 1, optimizerBytes: 1, activationBytes: 1, scratchBytes: 1)
        layer.weightFormats = ["q": .q4K, "down": .int8]
        layer.kernels = [KernelCost(kernel: "rope", direction: .forward, flops: 1, bytes: 1)]
        return layer
    }

    private static func complete(_ window: inout EnergyWindow) {
        (window.workSeconds, window.edgeSeconds, window.pollingSeconds) = (0.1, 0.001, 0.01)
        window.pollingJoules = ["package-0": 1]
    }

    private static func fullCalibration() throws -> Calibration {
        var planted = SyntheticProfile()
        planted.blocks = 1
        var calibration = try Calibration.planted(planted)
        complete(&calibration.box, &calibration.frequency, &calibration.meter, &calibration.workload)
        calibration.model.variant = .planted
        for index in calibration.layers.indices {
            calibration.layers[index].description = completed(calibration.layers[index].description)
            calibration.layers[index].forward.inSituEnergyJoules = known
        }
        calibration.layers[1].forward.pooled = PooledPass(
            timeSeconds: known, grossEnergyJoules: known, netEnergyJoules: known)
        let member = PooledMember(
            layer: 1, ownValue: 1, ownStandardError: 0.1, pooledValue: 1, pooledStandardError: 0.05, shrinkage: 0.5,
            outlierProbability: 0.01)
        calibration.pooling = [
            PoolingGroup(
                value: .timeSeconds, direction: .forward, center: known, spread: 0.01,
                heterogeneity: Heterogeneity(statistic: 2, degreesOfFreedom: 2, pValue: 0.4), commonStandardError: 0,
                members: [member, member, member])
        ]
        calibration.roofline = Roofline(flopsPerSecond: known, bytesPerSecond: known)
        calibration.externalPower = [
            DomainPower(domain: "gpu-0", name: "GPU", idlePowerWatts: known, stepPowerWatts: known)
        ]
        let time = TimeLaw(fixedSeconds: known, cycles: known, covariance: 0, maximumResidual: 0.01)
        let power = PowerLaw(staticWatts: known, dynamicWatts: known, exponent: known, maximumResidual: 0.01)
        let laws = FrequencyCalibration(
            stepsHertz: [1e9, 2e9, 3e9], referenceHertz: 3e9,
            passes: [PassFrequencyLaw(layer: 1, direction: .forward, time: time)], stepTime: time, grossPower: power,
            netPower: power, inverseFrequencyResidual: 0.1, cubicPowerResidual: 0.1)
        calibration.frequencyLaws = laws
        calibration.frequencyGroups = [
            GroupFrequencyLaws(group: SweptGroup(name: "performance core", cpus: [0], threads: 1), laws: laws)
        ]
        calibration.workloadLaws = workloadLaws
        calibration.attribution = Attribution(
            loopedEnergyJoules: known, inSituEnergyJoules: known, differenceRatio: known)
        return calibration
    }

    private static var workloadLaws: WorkloadLaws {
        let hash = String(repeating: "0", count: 64)
        let kernel = KernelWorkloadLaw(kernel: "rope", unit: .flops, work: [1, 2], timeSeconds: [known, known])
        return WorkloadLaws(
            workloads: [128, 512].map {
                MeasuredWorkload(batch: 1, sequence: $0, loraRank: 8, profiles: [hash])
            },
            passes: [
                PassWorkloadLaw(
                    layer: 1, direction: .forward, timeSeconds: [known, known], kernels: [kernel], between: kernel,
                    grossPowerWatts: [known, known], netPowerWatts: [known, known], leaveOneOutRatio: [known, known])
            ],
            step: StepWorkloadLaw(
                timeSeconds: [known, known], grossPowerWatts: [known, known], netPowerWatts: [known, known],
                closureRatio: [known, known], leaveOneOutRatio: [known, known]))
    }

    @Test("profile")
    func profile() throws {
        var planted = SyntheticProfile()
        planted.origin = .unavailable
        (planted.blocks, planted.steps) = (1, 2)
        let conditional = ["_windows.layer", "_windows.direction", "meter.name", "meter.reason"]
        #expect(
            try SchemaAgreement.faults(
                of: [Self.fullProfile(), planted.make()], schema: "profile", conditional: conditional) == [])
    }

    @Test("calibration")
    func calibration() throws {
        var planted = SyntheticProfile()
        planted.origin = .unavailable
        planted.blocks = 1
        #expect(
            try SchemaAgreement.faults(
                of: [Self.fullCalibration(), .planted(planted)], schema: "calibration",
                conditional: ["meter.name", "meter.reason"]) == [])
    }
}
