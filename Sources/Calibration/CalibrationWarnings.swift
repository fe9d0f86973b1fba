import Statistics

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
                "Closure: the layers' \(name) differ from the whole step by \(percentText(value)), "
                    + "more than \(percentText(closureLimit)).")
        }
        let passes = calibration.layers.flatMap { [$0.forward, $0.backward] }
        let negligible = 1e-3 * (calibration.step.timeSeconds.value ?? 0)
        let vague = passes.filter {
            ($0.timeSeconds.value ?? 0) > negligible && ($0.timeSeconds.relativeHalfWidth ?? 1) > timeLimit
        }
        if !vague.isEmpty {
            warnings.append(
                "Times of \(vague.count) of \(passes.count) layer passes are known no better than "
                    + "\(percentText(timeLimit)); profile with a longer --budget.")
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
