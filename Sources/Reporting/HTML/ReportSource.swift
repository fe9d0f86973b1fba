import CARD
import Calibration
import CostComparison
import ProfileFormat
import Simulation
import SplitTraining
import SystemIO
import Validation

/// A file that a page is about.
package struct ReportSource: Sendable {
    /// What the user calls it.
    package var name: String
    /// SHA-256 of the bytes, in lower-case hexadecimal digits.
    package var sha256: String
    package var content: Content

    package init(name: String, sha256: String, content: Content) {
        (self.name, self.sha256, self.content) = (name, sha256, content)
    }

    /// Kinds of file, in the order in which one is made from the other.
    package enum Content: Sendable {
        /// With the calibration from this profile alone, or why there is none.
        case profile(Profile, Result<Calibration, KerfError>)
        case calibration(Calibration)
        case decision(Decision)
        case simulation(SimulationResult)
        case run(SplitRun)
        case validation(ValidationReport)
        case comparison(CostComparison)
        case decisions(Decisions)

        package static let schemas = [
            Profile.schema, Calibration.schema, Decision.schema, SimulationResult.schema, SplitRun.schema,
            ValidationReport.schema, CostComparison.schema, Decisions.schema,
        ]

        var place: Int {
            switch self {
            case .profile: 0
            case .calibration: 1
            case .decision: 2
            case .simulation: 3
            case .run: 4
            case .validation: 5
            case .comparison: 6
            case .decisions: 7
            }
        }

        var schema: String { Self.schemas[place] }

        var kerfVersion: String {
            switch self {
            case .profile(let profile, _): profile.kerfVersion
            case .calibration(let calibration): calibration.kerfVersion
            case .decision(let decision): decision.kerfVersion
            case .simulation(let result): result.kerfVersion
            case .run(let run): run.kerfVersion
            case .validation(let report): report.kerfVersion
            case .comparison(let comparison): comparison.kerfVersion
            case .decisions(let decisions): decisions.kerfVersion
            }
        }
    }

    /// The calibration from a profile's bytes alone, or why there is none.
    package static func calibration(_ profile: [UInt8], named name: String) throws -> Result<Calibration, KerfError> {
        do {
            return .success(try Calibrator.calibrate([Calibrator.Input(name: name, bytes: profile)]))
        } catch let error as KerfError {
            return .failure(error)
        }
    }

    func section(in group: ReportGroup) -> Section {
        switch content {
        case .profile(let profile, let calibration):
            ProfileSection(profile, calibration, hasCalibration: group.isCalibrated(sha256)).section(named: name)
        case .calibration(let calibration):
            CalibrationSection(calibration, profiles: group.profiles(of: calibration)).section(named: name)
        case .decision(let decision): DecisionSection(decision: decision).section(named: name)
        case .simulation(let result): SimulationSection(result: result).section(named: name)
        case .run(let run): RunSection(run: run).section(named: name)
        case .validation(let report): ValidationSection(report: report).section(named: name)
        case .comparison(let comparison): ComparisonSection(comparison: comparison).section(named: name)
        case .decisions(let decisions): DecisionsSection(decisions: decisions).section(named: name)
        }
    }
}

/// Files of one page, and how they belong together.
struct ReportGroup: Sendable {
    private let sources: [ReportSource]

    init(_ sources: [ReportSource]) { self.sources = sources }

    private var profiles: [String: Profile] {
        sources.reduce(into: [:]) { profiles, source in
            if case .profile(let profile, _) = source.content { profiles[source.sha256] = profile }
        }
    }

    private var calibrations: [String: Calibration] {
        sources.reduce(into: [:]) { calibrations, source in
            if case .calibration(let calibration) = source.content { calibrations[source.sha256] = calibration }
        }
    }

    /// Those of the calibration's profiles that are on the page.
    func profiles(of calibration: Calibration) -> [Profile] {
        calibration.provenance.compactMap { profiles[$0.sha256] }
    }

    /// Whether a calibration on the page was made from the profile.
    func isCalibrated(_ sha256: String) -> Bool {
        calibrations.values.contains { $0.provenance.contains { $0.sha256 == sha256 } }
    }

    var title: String {
        let models = sources.map { source -> String in
            switch source.content {
            case .profile(let profile, _): profile.model.name
            case .calibration(let calibration): calibration.model.name
            case .decision(let decision): decision.modelName
            case .simulation(let result): result.scenario
            case .run(let run): run.model
            case .validation(let report): report.prediction.modelName
            case .comparison(let comparison): comparison.model.name
            case .decisions(let decisions): decisions.devices.first?.modelName ?? "decisions"
            }
        }
        let names = models.reduce(into: [String]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        return "Kerf: " + names.map(PlainText.name).joined(separator: ", ")
    }

    /// Files that one on the page was made from and that are not on it. A file of another run beside it would be read as its
    /// source.
    var statements: [Section.Statement] {
        sources.compactMap { source in
            let needed: [(kind: String, sha256: String)]
            switch source.content {
            case .calibration(let calibration) where !profiles.isEmpty:
                needed = calibration.provenance.map { ("profile", $0.sha256) }
            case .decision(let decision) where !calibrations.isEmpty:
                needed = Self.sides(decision.device, decision.server)
            case .validation(let report) where !calibrations.isEmpty:
                needed = Self.sides(report.prediction.device, report.prediction.server)
            default: return nil
            }
            let missing = needed.filter { profiles[$0.sha256] == nil && calibrations[$0.sha256] == nil }
            guard let first = missing.first else { return nil }
            return Section.Statement(
                .caution,
                "\(source.name) was made from \(missing.count == 1 ? "a \(first.kind)" : "\(missing.count) \(first.kind)s") "
                    + "that is not on this page (SHA-256 \(missing.map { $0.sha256.prefix(12) + "…" }.joined(separator: ", ")))"
            )
        }
    }

    private static func sides(_ device: DecisionSide, _ server: DecisionSide) -> [(kind: String, sha256: String)] {
        [("calibration", device.calibrationSha256), ("calibration", server.calibrationSha256)]
    }
}
