import Estimation
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Workload

/// Makes a calibration from profiles.
public enum Calibrator {
    /// A profile's bytes and the user's name for them.
    public struct Input: Sendable {
        public var name: String
        public var bytes: [UInt8]

        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// A pure function: the same profiles, in any order, give an equal calibration with the same encoding.
    ///
    /// - Parameter choice: the workload of the calibration, where the profiles are of several. One that was not measured is
    ///   interpolated between those that were, and its values are modelled.
    /// - Throws: ``KerfError`` when an input is not a profile, has samples that cannot be used, was given twice, or
    ///   measured something else than the others, the field being named; when no workload was chosen where there are several,
    ///   or one outside of what was measured.
    public static func calibrate(_ inputs: [Input], of choice: WorkloadChoice = WorkloadChoice()) throws -> Calibration
    {
        guard !inputs.isEmpty else {
            throw KerfError(.invalidArgument, "no profile was given")
        }
        let members = try inputs.map { input in
            let profile = try KerfJSON.decode(Profile.self, from: input.bytes, named: input.name)
            try ProfileValidation(profile: profile, name: input.name).check()
            return ProfilePool.Member(
                name: input.name, sha256: SHA256.hexDigest(of: input.bytes), profile: profile)
        }
        let grid = WorkloadGrid(members.map { WorkloadPoint($0.profile.workload) })
        if grid.points.count > 1 {
            let set = try WorkloadSet(members, grid)
            return try set.calibration(of: try grid.target(choice))
        }
        let pool = try ProfilePool(members)
        _ = try grid.cell(around: try grid.target(choice))
        return fit(pool.pooled, sources: pool.members)
    }

    static func fit(_ profile: Profile, sources: [ProfilePool.Member]) -> Calibration {
        let all = sources.isEmpty ? [profile] : sources.map(\.profile)
        let runs = all.count > 1 ? all : []
        let times = TimeFit(profile, runs: runs)
        let energies = EnergyFit(profile, runs: runs, stepTime: times.step)
        let frequency = FrequencyFit(profile)
        let groups = GroupFrequencyLaws.all(of: profile)
        let pooling = PoolingFit(times, energies)
        let inSitu = profile.meter.origin == .unavailable ? nil : InSituFit(profile)
        let layers = layers(times, energies, pooling) { energies.inSituEnergy($0, time: $1, inSitu) }
        let step = step(times, energies)
        let external = DomainPower.all(of: profile)
        let energyClosure = energies.closure(times, step: step, layers: layers)
        var calibration = Calibration(
            provenance: sources.map(\.source),
            box: profile.box, frequency: profile.frequency,
            rated: profile.rated.checked(
                against: profile.roofline, at: profile.frequency, format: profile.workload.dtype),
            meter: profile.meter,
            model: profile.model, workload: profile.workload,
            weightResidency: profile.settings.weightResidency, layers: layers,
            pooling: pooling.groups.isEmpty ? nil : pooling.groups, step: step,
            roofline: profile.roofline, idlePowerWatts: energies.grossPower(.idle),
            externalPower: external.isEmpty ? nil : external, frequencyLaws: frequency.laws,
            frequencyGroups: groups.laws.isEmpty ? nil : groups.laws,
            closure: Closure(
                timeRatio: Quantity(times.closure, confidence: times.confidence, origin: .measured),
                grossEnergyRatio: energyClosure.gross, netEnergyRatio: energyClosure.net),
            attribution: energies.attribution(times, inSitu), rejections: profile.rejections, warnings: [])
        calibration.warnings =
            CalibrationWarnings.of(calibration, profile, runs: all) + frequency.warnings + groups.warnings
        return calibration
    }

    /// - Parameter inSitu: a pass's energy from counters between the layers, where there is one.
    static func layers(
        _ times: some TimeSource, _ energies: some EnergySource, _ pooling: PoolingFit,
        inSitu: (LayerPass, Estimate) -> Quantity? = { _, _ in nil }
    ) -> [LayerCalibration] {
        times.layers.map { layer in
            func pass(_ direction: Direction) -> DirectionCalibration {
                self.direction(LayerPass(layer: layer.index, direction: direction), times, energies, pooling, inSitu)
            }
            return LayerCalibration(description: layer, forward: pass(.forward), backward: pass(.backward))
        }
    }

    /// - Precondition: the energies' ``EnergySource/stepTime`` is that of the whole step.
    static func step(_ times: some TimeSource, _ energies: some EnergySource) -> StepCalibration {
        StepCalibration(
            timeSeconds: times.quantity(energies.stepTime),
            grossEnergyJoules: energies.grossEnergy(.step, time: energies.stepTime),
            netEnergyJoules: energies.netEnergy(.step, time: energies.stepTime),
            grossPowerWatts: energies.grossPower(.step), netPowerWatts: energies.netPower(.step))
    }

    private static func direction(
        _ pass: LayerPass, _ times: some TimeSource, _ energies: some EnergySource, _ pooling: PoolingFit,
        _ inSitu: (LayerPass, Estimate) -> Quantity?
    ) -> DirectionCalibration {
        let reason: NoWork = times.layers.contains { $0.backwardFlops > 0 } ? .frozenEmbedding : .forwardOnly
        // Only an idle pass may be absent (ProfileValidation).
        guard let time = times.time(of: pass) else { return .noWork(because: reason) }
        let idle = pass.isIdle(in: times.layers)
        let noWork = Quantity.noWork(because: reason)
        return DirectionCalibration(
            timeSeconds: times.quantity(time),
            grossEnergyJoules: idle ? noWork : energies.grossEnergy(.pass(pass), time: time),
            netEnergyJoules: idle ? noWork : energies.netEnergy(.pass(pass), time: time),
            inSituEnergyJoules: idle ? nil : inSitu(pass, time),
            kernelSeconds: times.kernels(of: pass).mapValues(times.quantity),
            pooled: idle ? nil : pooling.pooled(pass, times, energies))
    }
}

extension Calibrator {
    /// Checks of a run, from its samples alone.
    ///
    /// - Parameter profile: the profile of a run that has just ended; it is not validated.
    package static func checks(of profile: Profile) -> ProfileChecks {
        let calibration = fit(profile, sources: [])
        let times = TimeFit(profile)
        let energies = EnergyFit(profile, stepTime: times.step)
        let overhead = InstrumentationOverheadEstimate.ratio(
            of: profile.instrumentationOverheadPairs ?? [], confidence: times.confidence)
        let overheadTime =
            overhead.map { Quantity($0, confidence: times.confidence, origin: .measured) }
            ?? .unavailable("no steps were run with instrumentation on and off at random")
        let overheadEnergy =
            overhead.map { energies.overhead(time: $0) } ?? .unavailable("the overhead in time is not known")
        return ProfileChecks(
            closure: calibration.closure, attribution: calibration.attribution,
            overheadTimeRatio: overheadTime, overheadEnergyRatio: overheadEnergy,
            computedOverheadRatio: computedOverhead(profile), idleDriftRatio: energies.idleDrift(),
            failures: calibration.closure.failures(overheadTime: overheadTime, overheadEnergy: overheadEnergy))
    }

    private static func computedOverhead(_ profile: Profile) -> Quantity {
        guard let fastest = profile.steps.map(\.seconds).min(), fastest > 0 else {
            return .unavailable("no step was timed")
        }
        return Quantity(
            value: profile.overhead.secondsPerStep / fastest, count: 1, origin: .modelled,
            reason: "cost of a step's timestamps and counter reads over the fastest step")
    }
}
