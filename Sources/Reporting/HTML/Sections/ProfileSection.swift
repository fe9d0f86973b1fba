import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// A profile: the run's time line and, where no calibration on the page has them, its layers.
struct ProfileSection {
    let profile: Profile
    let calibration: Result<Calibration, any Error>
    let hasCalibration: Bool

    /// - Parameters:
    ///   - calibration: from this profile alone, or why there is none.
    ///   - hasCalibration: whether a calibration that was made from the profile is on the page.
    init(_ profile: Profile, _ calibration: Result<Calibration, any Error>, hasCalibration: Bool) {
        (self.profile, self.calibration, self.hasCalibration) = (profile, calibration, hasCalibration)
    }

    func section(named name: String) -> Section {
        let title = "Profile \(name)"
        let line = RunTimeLine(profile: profile).figure
        switch calibration {
        case .failure(let error):
            return Section(
                title: title, subtitle: "\(profile.model.name) on \(profile.box.cpuModel), \(profile.created)",
                statements: [.init(.bad, "No calibration can be made from it: \(error)")],
                figures: line.map { [$0] } ?? [], tables: rejections)
        case .success(let calibration):
            let layers = hasCalibration ? [] : CalibrationSection.figures(calibration, profiles: [profile])
            return Section(
                title: title, subtitle: calibration.heading("Profile") + "run ended \(profile.created)",
                statements: statements(Trust(calibration: calibration)) + overhead,
                figures: layers + (line.map { [$0] } ?? []),
                tables: (hasCalibration ? [] : [CalibrationSection.stepTable(calibration)]) + rejections,
                remarks: hasCalibration
                    ? []
                    : [
                        "Layers, kernels, laws and the whole step are calibrated from this profile alone; the fields named are "
                            + "those of the file that kerf calibrate makes of it."
                    ] + calibration.warnings)
        }
    }

    /// A calibration on the page says the rest.
    private func statements(_ trust: Trust) -> [Section.Statement] {
        hasCalibration
            ? trust.run(profile.disturbances, failures: profile.checks?.failures)
            : trust.statements(disturbances: profile.disturbances, failures: profile.checks?.failures)
    }

    private var overhead: [Section.Statement] {
        guard let checks = profile.checks else { return [] }
        return [
            .init(
                .note,
                "Instruments cost \(NumberText.percent(checks.overheadTimeRatio)) of a step's time and "
                    + "\(NumberText.percent(checks.overheadEnergyRatio)) of its energy")
        ]
    }

    private var rejections: [(title: String, table: DataTable)] {
        guard !profile.rejections.isEmpty else { return [] }
        var table = DataTable([
            .init("reason", field: "rejections[i].reason", isText: true), .init("count", field: "rejections[i].count"),
        ])
        for rejection in profile.rejections { table.append([rejection.reason, "\(rejection.count)"]) }
        return [("Rejected steps and windows", table)]
    }
}
