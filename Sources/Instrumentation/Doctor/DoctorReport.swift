import ProbeKit
import Quantities
import SystemIO

/// What a box can measure, and what would make it measure the rest: the file that `kerf doctor --json` writes.
package struct DoctorReport: Codable, Equatable, KerfFile {
    package static let schema = "kerf.doctor"
    package static let schemaVersion = 1
    package static var remedy: Remedy { "run kerf doctor --json first" }

    package var schema: String = DoctorReport.schema
    package var schemaVersion: Int = DoctorReport.schemaVersion
    /// The directory that stood for `/`.
    package var root: String
    /// Of all numbers in the report: `simulated` when the root is a virtual board's tree, else `measured`.
    package var origin: Origin
    package var probes: [ProbeStatus]
    package var energy: EnergySection
    package var frequencyPolicies: [FrequencyPolicy]
    package var sensorChips: [Chip]
    package var pciDevices: [Device]
    /// `nil` when the root does not tell the CPU.
    package var host: HostSection?

    package struct ProbeStatus: Codable, Equatable, Sendable {
        package var name: String
        package var interface: String
        package var status: Availability.Status
        package var reason: String
        package var remedy: String?
        /// Sensors that are there and could not be read, one line each.
        package var failures: [String]
    }

    package struct FrequencyPolicy: Codable, Equatable, Sendable {
        package var name: String
        package var cpus: [Int]
        package var driver: String?
        package var governor: String?
        package var hardwareMinimumHertz: Double?
        package var hardwareMaximumHertz: Double?
        package var scalingMinimumHertz: Double?
        package var scalingMaximumHertz: Double?
        package var currentHertz: Double?
        /// The steps that the driver offers; empty where it offers a range.
        package var availableHertz: [Double]
        package var settable: Bool
    }

    package struct Chip: Codable, Equatable, Sendable {
        package var name: String
        package var sensors: [Sensor]
    }

    package struct Sensor: Codable, Equatable, Sendable {
        package var label: String
        package var kind: String
        /// In `unit`, as are the limits.
        package var value: Double
        package var unit: ReadingUnit
        package var maximum: Double?
        package var critical: Double?
    }

    package struct Device: Codable, Equatable, Sendable {
        package var address: String
        /// Vendor and device id.
        package var identifier: String
        package var kind: String
        package var title: String
        package var link: Link?
    }

    package struct Link: Codable, Equatable, Sendable {
        package var currentGigatransfersPerSecond: Double?
        package var bestGigatransfersPerSecond: Double?
        package var currentLanes: Int?
        package var bestLanes: Int?
        package var belowBest: Bool
    }
}
