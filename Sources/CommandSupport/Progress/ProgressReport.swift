import ProfileFormat
import Profiling
import SystemIO

/// A line of the progress that `--watch` prints: the state of a run, and in the last line how it ended.
package struct ProgressReport: Codable, Sendable, KerfFile {
    package static let schema = "kerf.progress"
    package static let schemaVersion = 1
    package static var remedy: Remedy { "it is what kerf profile prints when it is watched" }

    package var schema: String = ProgressReport.schema
    package var schemaVersion: Int = ProgressReport.schemaVersion
    /// `profile`, `train` or `validate`.
    package var command: String
    /// Coordinated universal time, to the second.
    package var time: String
    /// Since the command started; never less than in the line before.
    package var elapsedSeconds: Double
    /// What is being done: `warm-up`, `measuring`, `turn 3, cut 4`.
    package var phase: String
    /// Of `kerf profile`.
    package var measurement: MeasurementProgress?
    /// Of `kerf train` and `kerf validate`.
    package var training: TrainingState?
    /// In the last line only.
    package var end: RunEnd?

    package init(command: String, time: String, elapsedSeconds: Double, phase: String) {
        self.command = command
        self.time = time
        self.elapsedSeconds = elapsedSeconds
        self.phase = phase
    }

    /// The state of a training.
    package struct TrainingState: Codable, Sendable, Hashable {
        /// Steps of this device, those of the turn under way included.
        package var steps: Int?
        /// Steps that are durable on the server.
        package var committedSteps: Int?
        /// `nil` where rounds are repeated in a number that is not known.
        package var plannedSteps: Int?
        package var turn: Int?
        package var cut: Int?
        /// The last step's.
        package var loss: Double?
        package var stepSeconds: Double?
        package var reconnections: Int = 0
    }
}

/// The state of a measurement.
package struct MeasurementProgress: Codable, Sendable, Hashable {
    /// Since this part of the run began; a sweep of frequencies is a part of its own.
    package var elapsedSeconds: Double
    /// Upper limit of what is left of the part; 0 past its budget, where a minimum of samples is taken.
    package var remainingSeconds: Double
    /// Whole steps kept so far.
    package var steps: Int
    package var energyWindows: Int
    /// The half width that is narrow enough.
    package var targetRelativeHalfWidth: Double
    /// The widest first.
    package var intervals: [PassPrecision]
    /// `nil` before the first step.
    package var disturbances: DisturbanceState?
    /// `nil` before the meter is chosen.
    package var meter: MeterState?

    package init(_ progress: Progress, targetRelativeHalfWidth: Double) {
        elapsedSeconds = progress.elapsedSeconds
        remainingSeconds = progress.remainingSeconds
        steps = progress.steps
        energyWindows = progress.energyWindows
        self.targetRelativeHalfWidth = targetRelativeHalfWidth
        intervals = progress.intervals
        disturbances = progress.disturbances.map(DisturbanceState.init)
        meter = progress.meter
    }

    /// What was rejected until now, and why.
    package struct DisturbanceState: Codable, Sendable, Hashable {
        /// Rejected over measured time.
        package var rejectedShare: Double
        /// The one that took the most time first.
        package var causes: [Cause]
        /// Those that used the most processor time, the largest first.
        package var processes: [OtherProcess]

        package struct Cause: Codable, Sendable, Hashable {
            package var cause: Disturbance
            /// Steps and windows that were rejected for it.
            package var count: Int
            /// Their share of the measured time.
            package var share: Double
        }

        init(_ found: Disturbances) {
            func share(_ seconds: Double) -> Double {
                found.measuredSeconds > 0 ? min(1, seconds / found.measuredSeconds) : 0
            }
            rejectedShare = share(found.causes.reduce(0) { $0 + $1.seconds })
            causes = found.causes.map { Cause(cause: $0.cause, count: $0.count, share: share($0.seconds)) }
            processes = found.processes ?? []
        }
    }
}

/// How a run ended.
package struct RunEnd: Codable, Sendable, Hashable {
    package enum Outcome: String, Codable, Sendable, Hashable {
        case done, interrupted, error
    }

    package enum Cause: String, Codable, Sendable, Hashable {
        /// Every interval was narrow enough.
        case target
        /// The time was up.
        case budget
    }

    package var outcome: Outcome
    /// What ended a measurement that is done.
    package var stoppedBy: Cause?
    /// What was written; `nil` where nothing was.
    package var file: String?
    /// The error's line.
    package var message: String?

    package init(done file: String, stoppedBy: Cause? = nil) {
        (outcome, self.file, self.stoppedBy) = (.done, file, stoppedBy)
    }

    /// - Parameter file: what was written all the same.
    package init(_ error: any Error, file: String? = nil) {
        let known = error as? KerfError
        outcome = known?.code == .interrupted ? .interrupted : .error
        message = PlainText.shown(known?.text(remedy: RemedyText.words) ?? "\(error)", limit: 2000)
        self.file = file
    }
}
