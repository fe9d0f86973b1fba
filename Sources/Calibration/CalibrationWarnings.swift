import ProfileFormat
import Quantities
import Workload

extension Calibration {
    /// Relative half width beyond which a time is reported as too wide.
    package static let maximumTimeHalfWidth = 0.10
    /// Relative half width beyond which an energy counts as not resolved.
    package static let maximumEnergyHalfWidth = 0.25
}

extension Closure {
    /// Relative difference beyond which the layers do not explain the whole step.
    package static let limit = 0.05

    /// Whether a ratio shows that the layers do not add up to the step: it is beyond the limit, and its interval, where
    /// it has one, excludes zero. A ratio without a value shows nothing.
    package static func fails(_ ratio: Quantity) -> Bool {
        guard let value = ratio.value, abs(value) > limit else { return false }
        guard let lower = ratio.lower, let upper = ratio.upper else { return true }
        return lower > 0 || upper < 0
    }

    /// Relative difference that is tolerated beyond the instruments' overhead, which steps with marks have and whole steps
    /// have not. The quieter the box, the narrower the intervals: without it a difference of no consequence would fail.
    package static let tolerance = 0.02

    /// Every ratio whose interval is beyond ``tolerance`` and the overhead, one sentence each.
    ///
    /// - Parameters:
    ///   - overheadTime: (a step with instruments - one without) / one without.
    ///   - overheadEnergy: the same of energy.
    package func failures(overheadTime: Quantity, overheadEnergy: Quantity) -> [String] {
        [
            ("time", timeRatio, overheadTime), ("gross energy", grossEnergyRatio, overheadEnergy),
            ("net energy", netEnergyRatio, overheadEnergy),
        ].compactMap { name, ratio, overhead in
            let explained = max(0, overhead.value ?? 0)
            guard let ratio, let lower = ratio.lower, let upper = ratio.upper,
                lower > explained + Self.tolerance || upper < -Self.tolerance
            else { return nil }
            return "the layers' \(name) differs from the whole step's by \(NumberText.percent(ratio)); instruments "
                + "explain \(NumberText.percent(explained)), and \(NumberText.percent(Self.tolerance)) is tolerated"
        }
    }
}

/// Warnings of a calibration.
enum CalibrationWarnings {
    /// With fewer steps no outlier can be trimmed.
    static let minimumSteps = 5
    /// Share of a processor beyond which the sampling of a power sensor is reported.
    static let maximumSamplingShare = 0.01
    /// Relative difference of the processor's speed between two profiles beyond which it is reported.
    static let maximumSpeedDifference = 0.05

    /// - Parameters:
    ///   - profile: all samples.
    ///   - runs: the profiles that they come from.
    static func of(_ calibration: Calibration, _ profile: Profile, runs: [Profile]) -> [String] {
        let maximumTimeHalfWidth = Calibration.maximumTimeHalfWidth
        var warnings: [String] = []
        if let board = calibration.box.virtualBoard {
            warnings.append("Energies are simulated (\(board)); no meter was read.")
        } else if calibration.meter.origin == .simulated {
            warnings.append("Energies are simulated; no meter was read.")
        } else if calibration.meter.origin == .modelled {
            // A power model of the box may be summed with the counters of its GPUs.
            let read = calibration.meter.totalOf.count > 1 ? "no meter but the GPU's was read" : "no meter was read"
            warnings.append("Energies are modelled (\(calibration.meter.reason ?? "a power model")); \(read).")
        }
        if [.measured, .simulated].contains(calibration.meter.origin), let reason = calibration.meter.reason {
            warnings.append("Energies: \(reason).")
        }
        switch calibration.weightResidency {
        case .shared:
            warnings.append(
                "Weights were shared: one block's weights were used for all blocks. A block that fits the processor's "
                    + "cache is measured faster than it would be.")
        case .streaming:
            warnings.append(
                "Weights were streamed: one layer's weights were in memory at a time, and the time to load them is not "
                    + "included. A layer whose weights fit the processor's cache is measured faster than it would be, "
                    + "since they were just loaded.")
        case .resident: break
        }
        if let sampling = calibration.meter.sampling, sampling.processorShare > maximumSamplingShare {
            warnings.append(
                "Sampling the power took \(NumberText.percent(sampling.processorShare)) of a processor, in all steps alike: "
                    + "times and energies hold it.")
        }
        if let warning = disturbance(of: profile, runs: runs) { warnings.append(warning) }
        if let warning = otherSpeeds(in: runs) { warnings.append(warning) }
        let steps = min(profile.steps.count, profile.layerTimes.first?.seconds.count ?? 0)
        if steps < minimumSteps {
            warnings.append("Only \(steps) steps were timed: too few to trim one that was disturbed.")
        }
        for (name, ratio) in [
            ("times", calibration.closure.timeRatio), ("gross energies", calibration.closure.grossEnergyRatio),
        ] {
            guard let value = ratio.value, abs(value) > Closure.limit else { continue }
            warnings.append(
                "Closure: the layers' \(name) differ from the whole step by \(NumberText.percent(value)), "
                    + "more than \(NumberText.percent(Closure.limit)).")
        }
        let rated = calibration.rated.flopsPerCyclePerCore
        if rated.value == nil, profile.rated.flopsPerCyclePerCore.value != nil, let reason = rated.reason {
            warnings.append("Rated speed is not used: \(reason).")
        }
        let passes = calibration.layers.flatMap {
            calibration.workload.forwardOnly == true ? [$0.forward] : [$0.forward, $0.backward]
        }
        let negligible = 1e-3 * (calibration.step.timeSeconds.value ?? 0)
        let wide = passes.map { $0.pooled?.timeSeconds ?? $0.timeSeconds }.filter {
            ($0.value ?? 0) > negligible && ($0.relativeHalfWidth ?? 1) > maximumTimeHalfWidth
        }
        if !wide.isEmpty {
            warnings.append(
                "Times of \(wide.count) of \(passes.count) layer passes are known only to ± "
                    + "\(NumberText.percent(maximumTimeHalfWidth)) or worse; profile for longer.")
        }
        for (name, field) in [
            ("Gross", { $0.pooled?.grossEnergyJoules ?? $0.grossEnergyJoules }),
            ("Net", { $0.pooled?.netEnergyJoules ?? $0.netEnergyJoules }),
        ] as [(String, (DirectionCalibration) -> Quantity)] {
            let missing = passes.count { field($0).value == nil }
            guard missing > 0, calibration.meter.origin != .unavailable else { continue }
            warnings.append("\(name) energy of \(missing) of \(passes.count) layer passes is not resolved.")
        }
        return warnings + (calibration.pooling ?? []).flatMap(\.warnings)
    }

    /// What disturbed all runs together where too much of them was rejected; otherwise the runs in which it was, so that quiet
    /// runs do not hide them. `nil` where nothing did.
    private static func disturbance(of profile: Profile, runs: [Profile]) -> String? {
        let disturbed = runs.compactMap(\.disturbances).filter(\.isTooMuch)
        let isWhole = profile.disturbances?.isTooMuch == true
        guard let found = isWhole ? profile.disturbances : Disturbances(joining: disturbed) else { return nil }
        let place = isWhole ? "" : " in \(disturbed.count) of \(runs.count) profiles"
        return "Disturbed\(place): \(found.summary). What remains may be too long."
    }

    /// Profiles that were taken at different speeds of the processor, where no frequency tells them apart.
    private static func otherSpeeds(in runs: [Profile]) -> String? {
        let references = runs.compactMap(\.frequency.referenceSeconds?.value)
        guard let fastest = references.min(), let slowest = references.max(), fastest > 0,
            slowest > (1 + maximumSpeedDifference) * fastest
        else { return nil }
        let ratio = NumberText.percent(slowest / fastest - 1, digits: 0)
        return "The processor was \(ratio) slower in one profile than in another, as beside busy neighbors on a host: "
            + "intervals are wide. Leave out the slow ones, or profile again."
    }
}
