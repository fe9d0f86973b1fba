import SystemIO

/// How collecting from a box went, as whatever collects writes it into the box's folder.
///
/// A shell or a playbook can write it: an outcome and a time, and for a failure the step and its error. Without such a
/// file a box is judged by its other files alone.
package struct CollectionStatus: Codable, Equatable, Sendable, KerfFile {
    package static let schema = "kerf.collection"
    package static let schemaVersion = 1
    package static var remedy: Remedy { "collect the box's files again" }

    package enum Outcome: String, Codable, Equatable, Sendable, CaseIterable {
        /// Every step was done.
        case complete
        /// A step failed; what earlier ones made may be there.
        case failed
        /// The box did not answer.
        case unreachable
    }

    package var schema: String = CollectionStatus.schema
    package var schemaVersion: Int = CollectionStatus.schemaVersion
    package var outcome: Outcome
    /// The step that failed: `profile`.
    package var step: String?
    /// What it printed, of which the last line counts.
    package var error: String?
    /// When this was written, ISO 8601, UTC.
    package var time: String

    package init(outcome: Outcome, step: String? = nil, error: String? = nil, time: String) {
        self.outcome = outcome
        self.step = step
        self.error = error
        self.time = time
    }

    /// The error's last line that is not blank; `nil` where there is none.
    package var lastLine: String? {
        (error ?? "").split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
    }
}
