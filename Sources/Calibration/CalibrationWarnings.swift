import ProfileFormat
import Quantities
import Workload

/// What a reader of a calibration should know before trusting it.
enum CalibrationWarnings {
    /// Beyond this the parts do not explain the whole.
    static let closureLimit = 0.05
    /// A time known no better than this is pointed out.
    static let timeLimit = 0.10
    /// With fewer steps none can be left out as an outlier.
    static let fewSteps = 5

    static func of(_ calibration: Calibration, _ profile: Profile) -> [String] {
        var warnings: [String] = []
        if let board = calibration.box.virtualBoard {
            warnings.append("Figures of energy are simulated (\(board)); no meter was read.")
        } else if calibration.meter.origin == .simulated {
            warnings.append("Figures of energy are simulated; no meter was read.")
        } else if calibration.meter.origin == .modelled {
            warnings.append(
                "Figures of energy are modelled (\(calibration.meter.reason ?? "a power model")); no meter was read.")
        }
        switch calibration.weightResidency {
        case .shared:
            warnings.append(
                "Weights were shared: one block's weights stood for those of all blocks. A block that fits the "
                    + "processor's cache would look faster than it is.")
        case .streaming:
            warnings.append(
                "Weights were streamed: one layer's weights were in memory at a time, and the time to load them is not "
                    + "counted. A layer whose weights fit the processor's cache would look faster than it is, as they "
                    + "were just loaded.")
        case .resident: break
        }
        let steps = min(profile.steps.count, profile.layerTimes.first?.seconds.count ?? 0)
        if steps < fewSteps {
            warnings.append("Only \(steps) steps were timed: too few to leave out one that was disturbed.")
        }
        for (name, ratio) in [
            ("times", calibration.closure.timeRatio), ("gross energies", calibration.closure.grossEnergyRatio),
        ] {
            guard let value = ratio.value, abs(value) > closureLimit else { continue }
            warnings.append(
                "Closure: the layers' \(name) differ from the whole step by \(NumberText.percent(value)), "
                    + "more than \(NumberText.percent(closureLimit)).")
        }
        let passes = calibration.layers.flatMap { [$0.forward, $0.backward] }
        let negligible = 1e-3 * (calibration.step.timeSeconds.value ?? 0)
        let vague = passes.filter {
            ($0.timeSeconds.value ?? 0) > negligible && ($0.timeSeconds.relativeHalfWidth ?? 1) > timeLimit
        }
        if !vague.isEmpty {
            warnings.append(
                "Times of \(vague.count) of \(passes.count) layer passes are known no better than "
                    + "\(NumberText.percent(timeLimit)); profile with a longer --budget.")
        }
        for (name, field) in [
            ("Gross", \DirectionCalibration.grossEnergyJoules), ("Net", \.netEnergyJoules),
        ] {
            let missing = passes.count { $0[keyPath: field].value == nil }
            guard missing > 0, calibration.meter.origin != .unavailable else { continue }
            warnings.append("\(name) energy of \(missing) of \(passes.count) layer passes is not resolved.")
        }
        return warnings
    }
}
