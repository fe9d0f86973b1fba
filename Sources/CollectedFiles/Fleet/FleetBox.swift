import CARD
import ProfileFormat
import Quantities

/// One box of a fleet. What is `nil` has its reason in ``missing``.
package struct FleetBox: Codable, Equatable, Sendable {
    package enum State: String, Codable, Equatable, Sendable, CaseIterable {
        case fine
        /// Something has to be done; see the findings.
        case problem
        /// A step of collecting failed.
        case failed
        case unreachable
    }

    package enum Role: String, Codable, Equatable, Sendable, CaseIterable {
        case device
        /// Another box's decision is with this one as the server.
        case server
    }

    /// The folder's.
    package var name: String
    package var role: Role
    package var state: State
    /// How collecting went; `nil` where nothing says so, and then there is no reason for it.
    package var collection: FleetCollection?
    package var host: FleetHost?
    package var meter: FleetMeter?
    package var closure: Closure?
    package var disturbances: FleetDisturbances?
    /// Place among ``FleetView/workloads``.
    package var workload: Int?
    package var calibration: FleetCalibration?
    package var identity: BoxComparison?
    package var decision: FleetDecision?
    package var missing: [MissingValue]
    /// Problems first.
    package var findings: [FleetFinding]
    package var files: [FleetFile]

    /// Why a value is missing.
    package func reason(_ value: MissingValue.Name) -> String? { missing.first { $0.value == value }?.reason }
}

/// A value that a box does not have, and why.
package struct MissingValue: Codable, Equatable, Sendable {
    package enum Name: String, Codable, Equatable, Sendable, CaseIterable {
        case host, meter, closure, disturbances, workload, calibration, identity, decision
    }

    package var value: Name
    package var reason: String
}

/// The last status of a box's collection.
package struct FleetCollection: Codable, Equatable, Sendable {
    package var outcome: CollectionStatus.Outcome
    package var step: String?
    /// The last line of the error.
    package var error: String?
    package var time: String

    init(_ status: CollectionStatus) {
        outcome = status.outcome
        step = status.step.flatMap { $0.isEmpty ? nil : $0 }
        error = status.lastLine
        time = status.time
    }
}

/// Which file of a box something is from.
package enum FleetSource: String, Codable, Equatable, Sendable, CaseIterable {
    case doctor, calibration, profile
}

/// Processor and system of a box.
package struct FleetHost: Codable, Equatable, Sendable {
    package var source: FleetSource
    package var architecture: String
    package var cpuModel: String
    package var cores: Int
    package var threads: Int
    package var memoryBytes: Int?
    package var kernelRelease: String?
}

/// What energies of a box were measured with, or why only times are known.
package struct FleetMeter: Codable, Equatable, Sendable {
    /// What was used in a calibration or profile; of the doctor, what could be.
    package var source: FleetSource
    /// `nil` for time alone.
    package var name: String?
    package var origin: Origin
    /// For time alone: why. Else what there is to say of the meter.
    package var reason: String?
}

/// What was rejected in the profiles behind a box's values.
package struct FleetDisturbances: Codable, Equatable, Sendable {
    /// Profiles that say what disturbed them.
    package var profiles: Int
    /// Steps and windows that were taken.
    package var measurementCount: Int
    package var rejectedCount: Int
    /// Time of rejected ones over the time of all, as a ratio.
    package var rejectedShare: Double
    /// The cause that took the most time.
    package var mainCause: Disturbance?
    /// All causes in words; `nil` without a rejection.
    package var summary: String?
}

/// The calibration that a box's values are from.
package struct FleetCalibration: Codable, Equatable, Sendable {
    /// Relative to the box's folder.
    package var file: String
    package var sha256: String
    package var kerfVersion: String
    package var profiles: Int
    /// Threads of the workload.
    package var threads: Int
    /// The end of the last run that it was made from, by the profile's own time.
    package var measured: String
    /// Days since then; `nil` where the time cannot be read.
    package var ageDays: Double?
}

/// The cut of a box.
package struct FleetDecision: Codable, Equatable, Sendable {
    /// The file that it is from, relative to the folder that holds it; `nil` for one that was made for the view.
    package var file: String?
    /// The server's processor.
    package var serverCpuModel: String
    package var cut: Int
    package var blockCount: Int
    package var kind: Choice.Kind
    /// Probability that the cut is the best; `nil` where no value that affects the costs has an interval.
    package var probability: Double?
    /// Cuts that cannot be told from it.
    package var indistinguishableCuts: [Int]?
    package var delaySeconds: Quantity
    package var serverEnergyJoules: Quantity
    package var weight: Double
    package var level: ModelLevel
    /// `nil` in decisions of the first version.
    package var stands: Bool?
    /// Why it does not stand.
    package var reasons: [String]

    /// - Parameter file: the decision's; `nil` for one that was made for the view.
    init(_ decision: Decision, file: String?) {
        let chosen = decision.cuts.first { $0.cut == decision.choice.cut }
        let none = Quantity.unavailable("the decision has no values of its cut")
        self.file = file
        serverCpuModel = decision.server.cpuModel
        cut = decision.choice.cut
        blockCount = decision.blockCount
        kind = decision.choice.kind
        probability = decision.confidence?.chosenProbability
        indistinguishableCuts = decision.confidence?.indistinguishableCuts
        delaySeconds = chosen?.delaySeconds ?? none
        serverEnergyJoules = chosen?.serverEnergyJoules ?? none
        weight = decision.weight
        level = decision.level
        stands = decision.verdict?.stands
        reasons = decision.verdict?.reasons ?? []
    }
}

/// A file of a box.
package struct FleetFile: Codable, Equatable, Sendable {
    /// Relative to the box's folder.
    package var name: String
    package var schema: String
    package var sha256: String
}
