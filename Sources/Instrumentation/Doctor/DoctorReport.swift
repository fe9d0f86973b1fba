import CPUFreq
import Host
import LMSensors
import NVML
import PCI
import PowerSupply
import ProbeKit
import Quantities
import RAPL
import SystemIO
import SystemPackage

/// What a box can measure, and how to make the rest available.
package struct DoctorReport: Codable, Equatable, KerfFile {
    package static let schema = "kerf.doctor"
    package static let schemaVersion = 2
    package static let oldestReadableVersion = 1
    package static var remedy: Remedy { .makeDoctorReport }

    package static func renamedKeys(from version: Int) -> [String: String] {
        version < 2 ? ["rungs": "backends"] : [:]
    }

    package mutating func upgrade(from version: Int) {
        guard version < 2 else { return }
        // The other roles have kept their names.
        for index in energy.domains.indices where !Domain.roles.contains(energy.domains[index].role) {
            energy.domains[index].role = "external"
        }
    }

    package var schema: String = DoctorReport.schema
    package var schemaVersion: Int = DoctorReport.schemaVersion
    /// The directory that was used as `/`.
    package var root: String
    /// Origin of all numbers in the report: `simulated` for a virtual board's tree, `recorded` for any other tree
    /// and in a replay, else `measured`.
    package var origin: Origin
    package var probes: [ProbeStatus]
    package var energy: EnergySection
    package var frequencyPolicies: [FrequencyPolicy]
    package var sensorChips: [Chip]
    package var pciDevices: [Device]
    /// `nil` without information on the CPU.
    package var host: HostSection?
    /// A meter program that was to be tried; `nil` for none.
    package var meterProgram: MeterProgramCheck?

    package struct ProbeStatus: Codable, Equatable, Sendable {
        package var name: String
        package var interface: String
        package var status: Availability.Status
        package var reason: String
        package var remedy: String?
        /// Errors of sensors that could not be read, one line each.
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
        /// The frequencies that the driver offers; empty where it offers a range.
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

extension DoctorReport {
    /// Reads every probe. A probe without readings is listed with the reason.
    ///
    /// - Parameter words: the text of a remedy.
    package init(root: SystemRoot, remedy words: (Remedy) -> String = { $0.description }) {
        let host = HostProbe(root: root)
        let sensors = LMSensorsProbe(root: root)
        let pci = PCIProbe(root: root)
        let frequencies = CPUFreqProbe(root: root)
        let hostReadings = host.readings()
        self.root = root.path.string
        origin = root.origin
        probes = [
            ProbeStatus(RAPLProbe(root: root), words), ProbeStatus(frequencies, words), ProbeStatus(sensors, words),
            ProbeStatus(PowerSupplyProbe(root: root), words), ProbeStatus(NVMLProbe(root: root), words),
            ProbeStatus(pci, words),
            ProbeStatus(host, readings: hostReadings, words),
        ]
        energy = EnergySection(root: root, remedy: words)
        frequencyPolicies = frequencies.policies().map { FrequencyPolicy($0) }
        // libsensors leaves out a chip that has nothing to read, such as a fan's driver without a tachometer.
        sensorChips = sensors.survey().chips.filter { !$0.features.isEmpty }.map { Chip($0) }
        // The lines of both probes have their errors.
        pciDevices = ((try? pci.devices()) ?? []).map { Device($0) }
        self.host = try? HostSection(host, readings: hostReadings)
    }
}

extension DoctorReport.ProbeStatus {
    package init(_ probe: some Probe, _ words: (Remedy) -> String) {
        self.init(probe, readings: probe.readings(), words)
    }

    package init(_ probe: some Probe, readings: ProbeReadings, _ words: (Remedy) -> String) {
        let availability = probe.availability()
        self.init(
            name: probe.name, interface: probe.interface, status: availability.status, reason: availability.reason,
            remedy: availability.remedy.map(words),
            // The reason of an absent probe includes its failures.
            failures: availability.status == .present ? readings.failures.map { $0.text(remedy: words) } : [])
    }
}

extension DoctorReport.FrequencyPolicy {
    package init(_ policy: CPUFreqPolicy) {
        self.init(
            name: policy.name, cpus: policy.cpus, driver: policy.driver, governor: policy.governor,
            hardwareMinimumHertz: policy.hardwareMinimumHertz, hardwareMaximumHertz: policy.hardwareMaximumHertz,
            scalingMinimumHertz: policy.scalingMinimumHertz, scalingMaximumHertz: policy.scalingMaximumHertz,
            currentHertz: policy.currentHertz, availableHertz: policy.availableHertz, settable: policy.isSettable)
    }
}

extension DoctorReport.Chip {
    package init(_ chip: SensorChip) {
        self.init(
            name: chip.name,
            sensors: chip.features.map {
                DoctorReport.Sensor(
                    label: $0.label, kind: $0.kind.rawValue, value: $0.value, unit: $0.unit, maximum: $0.maximum,
                    critical: $0.critical)
            })
    }
}

extension DoctorReport.Device {
    package init(_ device: PCIDevice) {
        self.init(
            address: device.address, identifier: device.identifier, kind: device.kind, title: device.title,
            link: device.link.map {
                DoctorReport.Link(
                    currentGigatransfersPerSecond: $0.currentGigatransfersPerSecond,
                    bestGigatransfersPerSecond: $0.bestGigatransfersPerSecond, currentLanes: $0.currentWidth,
                    bestLanes: $0.bestWidth, belowBest: $0.isBelowBest)
            })
    }
}
