/// What is to be known of a box or of the folder, and what helps.
package struct FleetFinding: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Equatable, Sendable, CaseIterable {
        /// The box did not answer.
        case unreachable
        /// A step of collecting failed.
        case failed
        /// The box's folder has no file of Kerf's but the status.
        case empty
        /// A file of Kerf's is damaged or cannot be read.
        case damagedFile = "damaged_file"
        case noCalibration = "no_calibration"
        /// The box is not what it was when it was calibrated.
        case identityChanged = "identity_changed"
        /// The layers do not add up to the whole step.
        case closure
        /// So much was rejected that the rest may be affected too.
        case disturbed
        /// A decision was asked for and could not be made.
        case notDecided = "not_decided"
        /// The decision rests on values that are not known well enough.
        case decisionDoesNotStand = "decision_does_not_stand"
        /// The decision was made from another calibration than the box's.
        case decisionOutdated = "decision_outdated"
        /// The box is what it was, and its governor is another one.
        case settingChanged = "setting_changed"
        /// Whether the box is still the one that was calibrated is not known.
        case identityUnknown = "identity_unknown"
        /// Energies were not measured.
        case noEnergy = "no_energy"
        /// Energies are simulated or modelled.
        case energyNotMeasured = "energy_not_measured"
        /// There is a meter now, which the calibration did not have.
        case meterUnused = "meter_unused"
        /// Several files of one kind, of which one is used.
        case severalFiles = "several_files"
        /// Files of other programs.
        case foreignFiles = "foreign_files"
        /// Boxes were calibrated for different workloads.
        case severalWorkloads = "several_workloads"

        package var severity: Severity {
            switch self {
            case .unreachable, .failed, .empty, .damagedFile, .noCalibration, .identityChanged, .closure, .disturbed,
                .notDecided, .decisionDoesNotStand, .decisionOutdated:
                .problem
            case .settingChanged, .identityUnknown, .noEnergy, .energyNotMeasured, .meterUnused, .severalFiles,
                .foreignFiles,
                .severalWorkloads:
                .note
            }
        }
    }

    package enum Severity: String, Codable, Equatable, Sendable, CaseIterable {
        /// Something has to be done before the box's values can be used as they are.
        case problem
        case note
    }

    package var kind: Kind
    package var severity: Severity
    /// One sentence without a full stop.
    package var text: String
    package var remedy: String?

    package init(_ kind: Kind, _ text: String, remedy: String? = nil) {
        self.kind = kind
        severity = kind.severity
        self.text = text
        self.remedy = remedy
    }
}
