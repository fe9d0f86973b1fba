import CARD
import Calibration
import CostComparison
import ProfileFormat
import Reporting
import Simulation
import SplitTraining
import SystemIO
import Validation

extension ReportSource {
    /// Reads a file of any kind that a page can be about.
    ///
    /// - Throws: ``KerfError`` for what cannot be read, is no file of Kerf's, or has no page.
    package init(path: String) throws {
        let bytes = try FileBytes.read(path, limit: KerfJSON.maximumBytes)
        func decoded<File: KerfFile>(_ type: File.Type) throws -> File {
            try KerfJSON.decode(type, from: bytes, named: path)
        }
        let schema = try KerfJSON.header(of: bytes, named: path).schema
        let content: Content
        switch schema {
        case Profile.schema:
            let profile = try decoded(Profile.self)
            content = .profile(profile, try ReportSource.calibration(bytes, named: path))
        case Calibration.schema: content = .calibration(try decoded(Calibration.self))
        case Decisions.schema:
            let decisions = try decoded(Decisions.self)
            try decisions.check(named: path)
            content = .decisions(decisions)
        case Decision.schema: content = .decision(try decoded(Decision.self))
        case SimulationResult.schema: content = .simulation(try decoded(SimulationResult.self))
        case SplitRun.schema: content = .run(try decoded(SplitRun.self))
        case CostComparison.schema:
            let comparison = try decoded(CostComparison.self)
            try comparison.check(named: path)
            content = .comparison(comparison)
        case ValidationReport.schema: content = .validation(try decoded(ValidationReport.self))
        default:
            throw KerfError(
                .wrongSchema, at: path, "there is no report of a \(PlainText.shown(schema, limit: 160)) file",
                remedy: "give files of \(Content.schemas.joined(separator: ", "))")
        }
        self.init(name: path, sha256: SHA256.hexDigest(of: bytes), content: content)
    }
}
