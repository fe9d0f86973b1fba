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
    /// - Throws: ``KerfError`` when an input is not a profile, has samples that cannot be used, was given twice, or
    ///   measured something else than the others; the field is named.
    public static func calibrate(_ inputs: [Input]) throws -> Calibration {
        guard !inputs.isEmpty else {
            throw KerfError(.invalidArgument, "no profile was given")
        }
        let members = try inputs.map { input in
            let profile = try KerfJSON.decode(Profile.self, from: input.bytes, named: input.name)
            try ProfileValidation(profile: profile, name: input.name).check()
            return ProfilePool.Member(
                name: input.name, sha256: SHA256.hexDigest(of: input.bytes), profile: profile)
        }
        let pool = try ProfilePool(members)
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
        let layers = profile.layers.map { layer in
            LayerCalibration(
                description: layer,
                forward: direction(
                    LayerPass(layer: layer.index, direction: .forward), times, energies, pooling, inSitu),
                backward: direction(
                    LayerPass(layer: layer.index, direction: .backward), times, energies, pooling, inSitu))
        }
        let step = StepCalibration(
            timeSeconds: Quantity(times.step, confidence: times.confidence, origin: .measured),
            grossEnergyJoules: energies.grossEnergy(.step, time: times.step),
            netEnergyJoules: energies.netEnergy(.step, time: times.step),
            grossPowerWatts: energies.grossPower(.step), netPowerWatts: energies.netPower(.step))
        let external = DomainPower.all(of: profile)
        let energyClosure = energies.closure(times, step: step, layers: layers)
        var calibration = Calibration(
            provenance: sources.map {
                ProfileSource(sha256: $0.sha256, created: $0.profile.created, kerfVersion: $0.profile.kerfVersion)
            },
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

    private static func direction(
        _ pass: LayerPass, _ times: TimeFit, _ energies: EnergyFit, _ pooling: PoolingFit, _ inSitu: InSituFit?
    ) -> DirectionCalibration {
        let reason: NoWork = times.layers.contains { $0.backwardFlops > 0 } ? .frozenEmbedding : .forwardOnly
        // Only an idle pass may be absent (ProfileValidation).
        guard let time = times.time(of: pass) else { return .noWork(because: reason) }
        let idle = pass.isIdle(in: times.layers)
        let noWork = Quantity.noWork(because: reason)
        return DirectionCalibration(
            timeSeconds: Quantity(time, confidence: times.confidence, origin: .measured),
            grossEnergyJoules: idle ? noWork : energies.grossEnergy(.pass(pass), time: time),
            netEnergyJoules: idle ? noWork : energies.netEnergy(.pass(pass), time: time),
            inSituEnergyJoules: idle ? nil : energies.inSituEnergy(pass, time: time, inSitu),
            kernelSeconds: times.kernels(of: pass).mapValues {
                Quantity($0, confidence: times.confidence, origin: .measured)
            },
            pooled: idle ? nil : pooling.pooled(pass, energies))
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
