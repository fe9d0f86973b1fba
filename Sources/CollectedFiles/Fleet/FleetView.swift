import CARD
import ProfileFormat
import SystemIO

/// `fleet.json`: what was collected from many boxes, and what to make of it, a row for each.
package struct FleetView: Codable, Equatable, Sendable, KerfFile {
    package static let schema = "kerf.fleet"
    package static let schemaVersion = 1
    package static var remedy: Remedy { "run kerf fleet first" }

    package var schema: String = FleetView.schema
    package var schemaVersion: Int = FleetView.schemaVersion
    package var kerfVersion: String
    /// The time that ages are counted to, ISO 8601, UTC.
    package var created: String
    /// In natural order of their names.
    package var boxes: [FleetBox]
    /// The one of most boxes first.
    package var workloads: [FleetWorkload]
    /// How cuts were decided; `nil` where they are from files.
    package var decider: FleetDecisionSettings?
    /// Findings on the folder as a whole.
    package var findings: [FleetFinding]

    /// Whether nothing has to be done.
    package var isFine: Bool {
        boxes.allSatisfy { $0.state == .fine } && !findings.contains { $0.severity == .problem }
    }

    /// - Throws: ``KerfError/Code/malformed`` for a workload that the file does not have.
    package func check(named name: String) throws(KerfError) {
        guard boxes.allSatisfy({ $0.workload.map(workloads.indices.contains) ?? true }) else {
            throw KerfError(
                .malformed, at: name, "a box of a workload that is not in the file (damaged or edited)",
                remedy: "make the file again")
        }
    }
}

/// What several boxes were calibrated for. Threads and weights may differ.
package struct FleetWorkload: Codable, Equatable, Sendable {
    package var model: ModelDescription
    package var workload: WorkloadDescription
    /// Names of the boxes.
    package var boxes: [String]

    /// Whether both are of one work, as a comparison needs it.
    static func areSame(_ left: Self, _ right: Self) -> Bool {
        left.model.ignoringWeights == right.model.ignoringWeights
            && left.workload.ignoringThreads == right.workload.ignoringThreads
    }
}

/// The settings of all decisions that were made for the view.
package struct FleetDecisionSettings: Codable, Equatable, Sendable {
    /// What the user calls the server.
    package var server: String
    /// SHA-256 of the server's calibration.
    package var serverSha256: String
    package var level: ModelLevel
    /// Weight of delay.
    package var weight: Double
    package var energyAccount: EnergyAccount
    package var steps: Int
    /// The link of boxes that have measured none themselves.
    package var link: Link?
}
