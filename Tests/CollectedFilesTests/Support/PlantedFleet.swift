import CARD
import Calibration
import FoundationEssentials
import ProfileFormat
import Statistics
import SystemIO
import SystemPackage
import TestSupport

@testable import CollectedFiles

/// A folder of boxes whose files are those of planted profiles.
struct PlantedFleet {
    let tree: FixtureTree

    init() throws { tree = try FixtureTree() }

    var path: String { tree.path.string }

    /// Ten days after the planted profiles' runs, but for their last digit's seconds.
    static let now = Date(timeIntervalSince1970: 1_767_225_600 + 10 * 86_400)

    /// The view of the folder as it is.
    func view(_ decider: FleetDecider? = nil) throws -> FleetView {
        FleetView(try FleetFolder(at: path), decider: decider, now: Self.now)
    }

    func box(_ name: String, of view: FleetView) throws -> FleetBox {
        guard let box = view.boxes.first(where: { $0.name == name }) else { throw NoBox(name: name) }
        return box
    }

    struct NoBox: Error { var name: String }

    // MARK: - Files

    /// Writes profile and calibration of a box, and the doctor's report of the same box.
    @discardableResult
    func write(
        _ box: String, _ planted: SyntheticProfile = SyntheticProfile(), doctor: PlantedDoctor? = PlantedDoctor(),
        _ change: (inout Profile) -> Void = { _ in }
    ) throws -> Decider.Side {
        var profile = planted.make()
        change(&profile)
        let bytes = try KerfJSON.encode(profile)
        try tree.write("\(box)/profile.json", bytes: bytes)
        let calibration = try Calibrator.calibrate([.init(name: "profile.json", bytes: bytes)])
        if let doctor { try tree.write("\(box)/doctor.json", doctor.text) }
        return try write(calibration, "\(box)/calibration.json")
    }

    @discardableResult
    func write(_ calibration: Calibration, _ path: String) throws -> Decider.Side {
        let bytes = try KerfJSON.encode(calibration)
        try tree.write(path, bytes: bytes)
        return Decider.Side(calibration: calibration, sha256: SHA256.hexDigest(of: bytes))
    }

    func write(_ status: CollectionStatus, of box: String) throws {
        try tree.write("\(box)/status.json", bytes: KerfJSON.encode(status))
    }

    static func link() throws -> Link { try Link(parsing: "up=20mbit,down=80mbit,rtt=20ms") }
}

/// The doctor's report of the box of a planted profile.
struct PlantedDoctor {
    var cpuModel = "Planted CPU"
    var cores = 2
    var memoryBytes = 8 << 30
    var kernel = "6.1.0"
    var microcode = "0xf0"
    var governor: String? = "performance"
    var devices = ["8086:1237"]
    /// `nil` for a box without a meter.
    var meter: String? = "powercap"

    var text: String {
        let governor = governor.map { #""governor": "\#($0)","# } ?? ""
        let pci = devices.enumerated().map { place, identifier in
            #"{"address": "0000:00:0\#(place).0", "identifier": "\#(identifier)", "kind": "bridge", "title": "planted"}"#
        }.joined(separator: ", ")
        let energy =
            meter.map { #""origin": "measured", "meter": "\#($0)", "total_formula": "package-0","# }
            ?? #""origin": "unavailable", "reason": "no powercap","#
        let status = meter == nil ? "absent" : "present"
        return """
            {"schema": "kerf.doctor", "schema_version": 2, "root": "/", "origin": "measured", "probes": [],
             "energy": {\(energy) "domains": [], "backends": [
               {"name": "powercap", "interface": "powercap energy_uj", "status": "\(status)", "reason": "planted",
                "remedy": "load intel_rapl_common", "used": \(meter != nil)}]},
             "frequency_policies": [{"name": "policy0", "cpus": [0, 1], \(governor) "available_hertz": [],
               "settable": true}],
             "sensor_chips": [], "pci_devices": [\(pci)],
             "host": {"architecture": "x86_64", "cpu_model": "\(cpuModel)", "cpu_vendor": "GenuineIntel",
               "microcode": "\(microcode)", "instruction_set": "avx2", "sockets": 1, "cores": \(cores), "threads": 2,
               "core_types": [], "numa_nodes": [], "memory_bytes": \(memoryBytes), "kernel_release": "\(kernel)",
               "load_averages": []}}
            """
    }
}
