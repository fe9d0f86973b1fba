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

extension DoctorReport {
    /// Asks every probe. A probe without readings is in the report with its reason.
    ///
    /// - Parameter words: the text of a remedy.
    package init(root: SystemRoot, remedy words: (Remedy) -> String = { $0.description }) {
        let host = HostProbe(root: root)
        let sensors = LMSensorsProbe(root: root)
        let pci = PCIProbe(root: root)
        let clocks = CPUFreqProbe(root: root)
        let hostReadings = host.readings()
        self.root = root.path.string
        origin = root.hasVirtualBoard ? .simulated : .measured
        probes = [
            ProbeStatus(RAPLProbe(root: root), words), ProbeStatus(clocks, words), ProbeStatus(sensors, words),
            ProbeStatus(PowerSupplyProbe(root: root), words), ProbeStatus(NVMLProbe(root: root), words),
            ProbeStatus(pci, words),
            ProbeStatus(host, readings: hostReadings, words),
        ]
        energy = EnergySection(root: root, remedy: words)
        frequencyPolicies = clocks.policies().map { FrequencyPolicy($0) }
        sensorChips = sensors.survey().chips.map { Chip($0) }
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
            // An absent probe's failures are in its reason already.
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
