import ProbeKit
import Statistics

/// What a box can measure, and what would make it measure the rest: the file that `kerf doctor --json` writes.
struct DoctorReport: Codable, Equatable {
    static let schema = "kerf.doctor"
    static let schemaVersion = 1

    var schema = DoctorReport.schema
    var schemaVersion = DoctorReport.schemaVersion
    /// The directory that stood for `/`.
    var root: String
    /// Of all numbers in the report: `simulated` when the root is a virtual board's tree, else `measured`.
    var origin: Origin
    var probes: [ProbeStatus]
    var energy: EnergySection
    var frequencyPolicies: [FrequencyPolicy]
    var sensorChips: [Chip]
    var pciDevices: [Device]
    /// `nil` when the root does not tell the CPU.
    var host: HostSection?

    struct ProbeStatus: Codable, Equatable {
        var name: String
        var interface: String
        var status: Availability.Status
        var reason: String
        var remedy: String?
        /// Sensors that are there and could not be read, one line each.
        var failures: [String]
    }

    struct FrequencyPolicy: Codable, Equatable {
        var name: String
        var cpus: [Int]
        var driver: String?
        var governor: String?
        var hardwareMinimumHertz: Double?
        var hardwareMaximumHertz: Double?
        var scalingMinimumHertz: Double?
        var scalingMaximumHertz: Double?
        var currentHertz: Double?
        /// The steps that the driver offers; empty where it offers a range.
        var availableHertz: [Double]
        var settable: Bool
    }

    struct Chip: Codable, Equatable {
        var name: String
        var sensors: [Sensor]
    }

    struct Sensor: Codable, Equatable {
        var label: String
        var kind: String
        /// In `unit`, as are the limits.
        var value: Double
        var unit: ReadingUnit
        var maximum: Double?
        var critical: Double?
    }

    struct Device: Codable, Equatable {
        var address: String
        /// Vendor and device id.
        var identifier: String
        var kind: String
        var title: String
        var link: Link?
    }

    struct Link: Codable, Equatable {
        var currentGigatransfersPerSecond: Double?
        var bestGigatransfersPerSecond: Double?
        var currentLanes: Int?
        var bestLanes: Int?
        var belowBest: Bool
    }
}
