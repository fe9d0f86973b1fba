import ProfileFormat
import SystemIO

/// How time and power go with the clock of one kind of core, while the step runs on those cores alone.
///
/// Power is the whole box's: the other cores stand idle at their own clock.
public struct GroupFrequencyLaws: Codable, Sendable, Hashable {
    public var group: SweptGroup
    public var laws: FrequencyCalibration

    public init(group: SweptGroup, laws: FrequencyCalibration) {
        self.group = group
        self.laws = laws
    }

    /// Of every group that was swept; a warning for each that no laws could be fitted to, and what else to know of it.
    static func all(of profile: Profile) -> (laws: [GroupFrequencyLaws], warnings: [String]) {
        var all: [GroupFrequencyLaws] = []
        var warnings: [String] = []
        for group in profile.frequencySweep?.groups ?? [] {
            let fit = FrequencyFit(profile, group: group.name)
            if let laws = fit.laws { all.append(GroupFrequencyLaws(group: group, laws: laws)) }
            warnings += fit.warnings.map { "\(PlainText.shown(group.name)): \($0)" }
        }
        return (all, warnings)
    }
}
