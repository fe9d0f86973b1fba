import CARD
import Calibration
import CollectedFiles
import CostComparison
import ProfileFormat
import Simulation
import SplitTraining
import SystemIO
import Validation

/// A file that a page is about.
package struct ReportSource: Sendable {
    /// What the user calls it.
    let name: String
    /// SHA-256 of the bytes, in lower-case hexadecimal digits.
    let sha256: String
    let content: FileContent
    private let bytes: [UInt8]

    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - name: what the user calls it.
    /// - Throws: ``KerfError`` for what is no file of Kerf's, is damaged, or has no page.
    package init(_ bytes: [UInt8], named name: String) throws(KerfError) {
        guard let content = try FileContent(bytes, named: name) else {
            throw .kind(
                of: bytes, named: name, lacks: "of which there is no report",
                remedy:
                    "give a profile, calibration, link, decision, simulation, run.json, validation, comparison or fleet"
            )
        }
        (self.name, self.bytes, self.content) = (name, bytes, content)
        sha256 = SHA256.hexDigest(of: bytes)
    }

    /// The calibration from this profile alone, or why there is none.
    private var calibration: Result<Calibration, any Error> {
        Result { try Calibrator.calibrate([Calibrator.Input(name: name, bytes: bytes)]) }
    }

    func section(in group: ReportGroup) -> Section {
        switch content {
        case .profile(let profile):
            ProfileSection(profile, calibration, hasCalibration: group.isCalibrated(sha256)).section(named: name)
        case .calibration(let calibration):
            CalibrationSection(calibration, profiles: group.profiles(of: calibration)).section(named: name)
        case .decision(let decision): DecisionSection(decision: decision).section(named: name)
        case .simulation(let result): SimulationSection(result: result).section(named: name)
        case .run(let run): RunSection(run: run).section(named: name)
        case .validation(let report): ValidationSection(report: report).section(named: name)
        case .comparison(let comparison): ComparisonSection(comparison: comparison).section(named: name)
        case .decisions(let decisions): DecisionsSection(decisions: decisions).section(named: name)
        case .link(let link): LinkSection(link: link).section(named: name)
        case .fleet(let fleet): FleetSection(fleet: fleet).section(named: name)
        }
    }
}

/// Files of one page, and how they belong together.
struct ReportGroup: Sendable {
    private let sources: [ReportSource]

    init(_ sources: [ReportSource]) { self.sources = sources }

    private var profiles: [String: Profile] {
        sources.reduce(into: [:]) { profiles, source in
            if case .profile(let profile) = source.content { profiles[source.sha256] = profile }
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
            case .profile(let profile): profile.model.name
            case .calibration(let calibration): calibration.model.name
            case .decision(let decision): decision.modelName
            case .simulation(let result): result.scenario
            case .link(let link): "link to \(link.server)"
            case .run(let run): run.model
            case .validation(let report): report.prediction.modelName
            case .comparison(let comparison): comparison.model.name
            case .decisions(let decisions): decisions.devices.first?.modelName ?? "decisions"
            case .fleet(let fleet): "fleet of \(fleet.boxes.count) boxes"
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
