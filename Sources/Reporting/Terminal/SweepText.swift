import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// The profiles of several workloads, at the end of their run: what `kerf profile --json` prints for lists.
package struct SweepSummary: KerfFile {
    package static let schema = "kerf.sweep"
    package static let schemaVersion = 1
    package static var remedy: Remedy { "run kerf profile with lists first" }

    package var schema: String = SweepSummary.schema
    package var schemaVersion: Int = SweepSummary.schemaVersion
    /// In the order of the lists.
    package var workloads: [SweptWorkload]
    /// What could not be monitored or swept, one sentence each.
    package var notes: [String]

    package init(_ workloads: [SweptWorkload], notes: [String]) {
        (self.workloads, self.notes) = (workloads, notes)
    }
}

/// One workload's profile in a few numbers.
package struct SweptWorkload: Codable, Sendable, Hashable {
    package var profile: String
    package var batch: Int
    package var sequence: Int
    package var loraRank: Int
    /// Whether the profile was there before this run.
    package var resumed: Bool
    package var stepSeconds: Quantity
    package var stepGrossEnergyJoules: Quantity
    /// Whether too much of the run was disturbed.
    package var disturbed: Bool
    /// As ``ProfileChecks/failures``.
    package var failures: [String]
    /// Whether any value is simulated.
    package var simulated: Bool

    package init(
        _ profile: String, _ calibration: Calibration, disturbances: Disturbances?, failures: [String], isResumed: Bool
    ) {
        self.profile = profile
        let workload = calibration.workload
        (batch, sequence, loraRank) = (workload.batch, workload.sequence, workload.loraRank)
        resumed = isResumed
        stepSeconds = calibration.step.timeSeconds
        stepGrossEnergyJoules = calibration.step.grossEnergyJoules
        disturbed = disturbances?.isTooMuch == true
        self.failures = failures
        simulated = calibration.isSimulated
    }
}

extension SweepSummary {
    /// A table with a line for each workload.
    package var text: String {
        var table = TextTable([
            .init("sequence"), .init("batch"), .init("rank"), .init("whole step"), .init("gross energy"),
            .init("origin", .left), .init("notes", .left),
        ])
        for workload in workloads {
            var notes = workload.resumed ? ["resumed"] : []
            if workload.disturbed { notes.append("DISTURBED") }
            if !workload.failures.isEmpty { notes.append("CLOSURE FAILS") }
            table.append([
                "\(workload.sequence)", "\(workload.batch)", "\(workload.loraRank)",
                NumberText.si(workload.stepSeconds, "s"), NumberText.si(workload.stepGrossEnergyJoules, "J"),
                workload.stepGrossEnergyJoules.origin.rawValue, notes.joined(separator: ", "),
            ])
        }
        let resumed = workloads.count(where: \.resumed)
        return simulatedLine(workloads.contains(where: \.simulated))
            + (resumed > 0 ? "resumed: \(resumed) of \(workloads.count) done before\n" : "") + table.text
            + notes.map { PlainText.shown($0) + "\n" }.joined()
    }
}
