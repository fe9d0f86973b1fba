import Instrumentation
import ProfileFormat
import Quantities

/// A box as it was calibrated against the same box as the doctor found it later.
///
/// What differs is what pooling of profiles refuses, as far as the doctor reports it: it knows neither engine nor build.
package struct BoxComparison: Codable, Equatable, Sendable {
    /// What both name.
    package var compared: [BoxTrait]
    package var changes: [BoxChange]

    /// Whether the box is the same and set otherwise: quieting a box for its profiles sets the governor, and gives it back.
    package var isSetOtherwise: Bool { !changes.isEmpty && changes.allSatisfy { $0.trait == .governor } }

    /// Whether this is another box, not the same one with another kernel, setting or card.
    package var isOtherBox: Bool {
        changes.contains { [.architecture, .cpuModel, .cpuVendor, .sockets, .cores].contains($0.trait) }
    }
}

/// A part of a box's identity.
package enum BoxTrait: String, Codable, Equatable, Sendable, CaseIterable {
    case architecture
    case cpuModel = "cpu_model"
    case cpuVendor = "cpu_vendor"
    case sockets, cores, threads
    case instructionSet = "instruction_set"
    case memory = "memory_bytes"
    case microcode
    case kernel = "kernel_release"
    case governor, hypervisor
    case pciDevices = "pci_devices"

    package var words: String {
        switch self {
        case .architecture, .sockets, .cores, .threads, .microcode, .governor, .hypervisor: rawValue
        case .cpuModel: "processor"
        case .cpuVendor: "vendor of the processor"
        case .instructionSet: "instruction set"
        case .memory: "memory"
        case .kernel: "kernel"
        case .pciDevices: "PCI devices"
        }
    }
}

/// A part of the identity that is not what it was.
package struct BoxChange: Codable, Equatable, Sendable {
    package var trait: BoxTrait
    /// When the box was calibrated, and when the doctor was run; of lists what the other one lacks.
    package var calibrated: String
    package var present: String
}

extension BoxComparison {
    /// Relative difference of the memory up to which it is the same: what the kernel keeps for itself varies from start to
    /// start and from version to version.
    static let memoryTolerance = 0.02

    /// - Parameters:
    ///   - calibrated: the box of a calibration or profile.
    ///   - host: the doctor's report on the machine.
    init(_ calibrated: BoxIdentity, _ report: DoctorReport, _ host: DoctorReport.HostSection) {
        compared = []
        changes = []
        compare(.architecture, calibrated.architecture, host.architecture)
        // A name that stands for none tells no two boxes apart.
        compare(.cpuModel, Self.known(calibrated.cpuModel), Self.known(host.cpuModel))
        compare(.cpuVendor, Self.named(calibrated.cpuVendor), Self.named(host.cpuVendor))
        compare(.sockets, "\(calibrated.sockets)", "\(host.sockets)")
        compare(.cores, "\(calibrated.cores)", "\(host.cores)")
        compare(.threads, "\(calibrated.threads)", "\(host.threads)")
        compare(.instructionSet, calibrated.instructionSet, host.instructionSet)
        compareMemory(calibrated.memoryBytes, host.memoryBytes)
        compare(.microcode, calibrated.microcode, host.microcode)
        compare(.kernel, calibrated.kernelRelease, host.kernelRelease)
        // A box without cpufreq has no governor, and one that is no virtual machine no hypervisor: that is an answer.
        compare(.governor, calibrated.governor ?? "none", report.frequencyPolicies.first?.governor ?? "none")
        compare(.hypervisor, calibrated.hypervisor ?? "none", host.hypervisor ?? "none")
        compareDevices(calibrated.pciDevices, report.pciDevices.map { "\($0.identifier) \($0.kind)" })
    }

    private static func known(_ model: String) -> String? { model == BoxIdentity.unknownProcessor ? nil : model }
    private static func named(_ text: String) -> String? { text.isEmpty ? nil : text }

    /// What one of both does not know is not compared.
    private mutating func compare(_ trait: BoxTrait, _ calibrated: String?, _ present: String?) {
        guard let calibrated, let present else { return }
        compared.append(trait)
        if calibrated != present {
            changes.append(BoxChange(trait: trait, calibrated: calibrated, present: present))
        }
    }

    private mutating func compareMemory(_ calibrated: Int?, _ present: Int?) {
        guard let calibrated, let present else { return }
        compared.append(.memory)
        let (one, two) = (Double(calibrated), Double(present))
        guard abs(one - two) > Self.memoryTolerance * max(one, two) else { return }
        func text(_ bytes: Double) -> String { "\(NumberText.fixed(bytes / 0x1p30, digits: 1)) GiB" }
        changes.append(BoxChange(trait: .memory, calibrated: text(one), present: text(two)))
    }

    /// The lists are unordered, and a device may be there several times.
    private mutating func compareDevices(_ calibrated: [String], _ present: [String]) {
        compared.append(.pciDevices)
        let (gone, new) = (Self.difference(calibrated, present), Self.difference(present, calibrated))
        guard !(gone.isEmpty && new.isEmpty) else { return }
        func text(_ devices: [String]) -> String { devices.isEmpty ? "none" : devices.joined(separator: ", ") }
        changes.append(BoxChange(trait: .pciDevices, calibrated: text(gone), present: text(new)))
    }

    private static func difference(_ list: [String], _ other: [String]) -> [String] {
        var rest = other
        return list.sorted().filter { device in
            guard let place = rest.firstIndex(of: device) else { return true }
            rest.remove(at: place)
            return false
        }
    }
}
