import CARD
import Calibration
import CostComparison
import ProfileFormat
import Simulation
import SplitTraining
import SystemIO
import Validation

/// A file of Kerf's, whichever kind it is.
package enum FileContent: Sendable {
    case profile(Profile)
    case calibration(Calibration)
    case decision(Decision)
    case decisions(Decisions)
    case simulation(SimulationResult)
    case link(LinkProfile)
    case run(SplitRun)
    case validation(ValidationReport)
    case comparison(CostComparison)
    case fleet(FleetView)

    /// The schemas of all.
    package static let schemas: Set<String> = [
        Profile.schema, Calibration.schema, Decision.schema, Decisions.schema, SimulationResult.schema,
        LinkProfile.schema, SplitRun.schema, ValidationReport.schema, CostComparison.schema, FleetView.schema,
    ]

    /// - Parameter name: the user's name for the file.
    /// - Returns: `nil` for a kind that is not among these, such as a scenario.
    /// - Throws: ``KerfError`` for what is no file of Kerf's, is damaged, or names boxes, sides or workloads that it does not have.
    package init?(_ bytes: [UInt8], named name: String) throws(KerfError) {
        switch try KerfJSON.header(of: bytes, named: name).schema {
        case Profile.schema: self = .profile(try KerfJSON.decode(Profile.self, from: bytes, named: name))
        case Calibration.schema: self = .calibration(try KerfJSON.decode(Calibration.self, from: bytes, named: name))
        case Decision.schema: self = .decision(try KerfJSON.decode(Decision.self, from: bytes, named: name))
        case Decisions.schema:
            let decisions = try KerfJSON.decode(Decisions.self, from: bytes, named: name)
            try decisions.check(named: name)
            self = .decisions(decisions)
        case SimulationResult.schema:
            self = .simulation(try KerfJSON.decode(SimulationResult.self, from: bytes, named: name))
        case LinkProfile.schema: self = .link(try KerfJSON.decode(LinkProfile.self, from: bytes, named: name))
        case SplitRun.schema: self = .run(try KerfJSON.decode(SplitRun.self, from: bytes, named: name))
        case ValidationReport.schema:
            self = .validation(try KerfJSON.decode(ValidationReport.self, from: bytes, named: name))
        case CostComparison.schema:
            let comparison = try KerfJSON.decode(CostComparison.self, from: bytes, named: name)
            try comparison.check(named: name)
            self = .comparison(comparison)
        case FleetView.schema:
            let fleet = try KerfJSON.decode(FleetView.self, from: bytes, named: name)
            try fleet.check(named: name)
            self = .fleet(fleet)
        default: return nil
        }
    }

    /// Place in the order in which files are made from each other, the schema, and the version of Kerf that made the file.
    package var kind: (place: Int, schema: String, kerfVersion: String) {
        switch self {
        case .profile(let file): (0, Profile.schema, file.kerfVersion)
        case .calibration(let file): (1, Calibration.schema, file.kerfVersion)
        case .link(let file): (2, LinkProfile.schema, file.kerfVersion)
        case .decision(let file): (3, Decision.schema, file.kerfVersion)
        case .decisions(let file): (4, Decisions.schema, file.kerfVersion)
        case .simulation(let file): (5, SimulationResult.schema, file.kerfVersion)
        case .run(let file): (6, SplitRun.schema, file.kerfVersion)
        case .validation(let file): (7, ValidationReport.schema, file.kerfVersion)
        case .comparison(let file): (8, CostComparison.schema, file.kerfVersion)
        case .fleet(let file): (9, FleetView.schema, file.kerfVersion)
        }
    }
}

extension KerfError {
    /// A file of a kind that cannot be used for what was asked.
    ///
    /// - Parameter lack: what the kind lacks, such as `which has no tables`.
    package static func kind(of bytes: [UInt8], named name: String, lacks lack: String, remedy: Remedy) -> KerfError {
        do throws(KerfError) {
            let schema = try KerfJSON.header(of: bytes, named: name).schema
            return KerfError(
                .wrongSchema, at: name, "this is a \(PlainText.shown(schema, limit: 160)) file, \(lack)", remedy: remedy
            )
        } catch {
            return error
        }
    }
}
