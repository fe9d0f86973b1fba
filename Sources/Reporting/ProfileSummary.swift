public import Calibration

public enum ProfileSummary {
    public static func text(_ profile: Profile, _ calibration: Calibration) -> String {
        var lines: [String] = []
        lines.append("closure time \(calibration.closure.timeRatio) energy \(calibration.closure.grossEnergyRatio)")
        for l in calibration.layers {
            lines.append(
                "\(l.description.index) \(l.forward.timeSeconds.value ?? -1) \(l.backward.timeSeconds.value ?? -1) \(l.forward.grossEnergyJoules.value ?? -1)"
            )
        }
        lines.append("step \(calibration.step.timeSeconds.value ?? 0) \(calibration.step.grossEnergyJoules)")
        return lines.joined(separator: "\n")
    }
}
