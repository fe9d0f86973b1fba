import CARD
import Calibration
import FoundationEssentials
import Instrumentation
import ProfileFormat
import Quantities
import SystemIO
import TestSupport
import Testing

@testable import CollectedFiles

@Suite("A box of a fleet")
struct FleetBoxTests {
    private let fleet: PlantedFleet

    init() throws { fleet = try PlantedFleet() }

    private func box(_ name: String = "pi") throws -> FleetBox { try fleet.box(name, of: fleet.view()) }

    private func findings(_ box: FleetBox) -> [FleetFinding.Kind] { box.findings.map(\.kind) }

    @Test("a box that was measured and has not changed is fine") func fine() throws {
        var planted = SyntheticProfile()
        planted.origin = .measured
        let side = try fleet.write("pi", planted) { profile in
            profile.disturbances = Disturbances(
                measurementCount: 40, measuredSeconds: 10,
                causes: [DisturbanceCause(cause: .steal, count: 2, seconds: 0.5)])
        }
        let view = try fleet.view()
        let box = try fleet.box("pi", of: view)
        #expect(view.isFine && box.state == .fine && box.findings.isEmpty && box.role == .device)
        #expect(
            box.host?.source == .doctor && box.host?.cpuModel == "Planted CPU" && box.host?.kernelRelease == "6.1.0")
        #expect(box.meter == FleetMeter(source: .calibration, name: "powercap", origin: .measured))
        #expect(box.closure == side.calibration.closure && box.closure?.timeRatio.lower != nil)
        let rejected = try #require(box.disturbances)
        #expect(rejected.rejectedCount == 2 && rejected.measurementCount == 40 && rejected.rejectedShare == 0.05)
        #expect(rejected.mainCause == .steal && rejected.summary?.contains("hypervisor") == true)
        let identity = try #require(box.identity)
        #expect(identity.changes.isEmpty && Set(identity.compared) == Set(BoxTrait.allCases))
        let calibration = try #require(box.calibration)
        #expect(calibration.sha256 == side.sha256 && calibration.file == "calibration.json")
        #expect(calibration.measured == side.calibration.provenance[0].created)
        // The profile's own time, of which the last digit is the seed; the file is younger.
        #expect(abs((calibration.ageDays ?? 0) - 10) < 1e-3)
        #expect(view.workloads.map(\.boxes) == [["pi"]] && box.workload == 0)
        #expect(box.missing.map(\.value) == [.decision])
        #expect(Set(box.files.map(\.name)) == ["profile.json", "calibration.json", "doctor.json"])
    }

    @Test("a box without a meter is fine, with times alone and the reason") func withoutMeter() throws {
        var planted = SyntheticProfile()
        planted.origin = .unavailable
        var doctor = PlantedDoctor()
        doctor.meter = nil
        try fleet.write("pi", planted, doctor: doctor)
        let box = try box()
        #expect(box.state == .fine && findings(box) == [.noEnergy])
        #expect(box.meter?.origin == .unavailable && box.meter?.name == nil)
        #expect(box.meter?.reason == "powercap is absent; load intel_rapl_common")
        // The reason has the remedy, which is not said twice.
        #expect(box.findings[0].text.hasSuffix("; load intel_rapl_common") && box.findings[0].remedy == nil)
        #expect(box.closure?.timeRatio.value != nil && box.closure?.grossEnergyRatio.value == nil)
    }

    @Test("a meter that came later is named") func meterSince() throws {
        var planted = SyntheticProfile()
        planted.origin = .unavailable
        try fleet.write("pi", planted)
        #expect(try findings(box()) == [.meterUnused])
    }

    @Test("simulated energies are named as such") func simulated() throws {
        try fleet.write("pi")
        let box = try box()
        #expect(box.state == .fine && findings(box) == [.energyNotMeasured] && box.meter?.origin == .simulated)
    }

    @Test("a failed step and a box that does not answer, with the last line of the error") func failures() throws {
        try fleet.tree.write("pi/doctor.json", PlantedDoctor().text)
        try fleet.write(
            CollectionStatus(
                outcome: .failed, step: "profile", error: "Traceback:\n  x\nkerf: error: no memory\n \n",
                time: "2026-01-02T00:00:00Z"), of: "pi")
        try fleet.write(
            CollectionStatus(outcome: .unreachable, error: "No route to host", time: "2026-01-02T00:00:00Z"), of: "off")
        let (pi, off) = (try box("pi"), try box("off"))
        #expect(pi.state == .failed && findings(pi) == [.failed])
        #expect(pi.collection?.step == "profile" && pi.collection?.error == "kerf: error: no memory")
        #expect(pi.findings[0].text == "collecting failed at profile: kerf: error: no memory")
        #expect(pi.host?.cpuModel == "Planted CPU" && pi.reason(.calibration) == "collecting failed at profile")
        #expect(off.state == .unreachable && findings(off) == [.unreachable])
        #expect(off.findings[0].text == "the box did not answer: No route to host")
        #expect(Set(off.missing.map(\.value)) == Set(MissingValue.Name.allCases))
        #expect(off.missing.allSatisfy { $0.reason == "the box did not answer" })
        #expect(try !fleet.view().isFine)
    }

    @Test("of several statuses the last one by its time counts") func laterStatus() throws {
        try fleet.write("pi")
        try fleet.write(CollectionStatus(outcome: .complete, time: "2026-01-03T00:00:00Z"), of: "pi")
        try fleet.tree.write(
            "pi/a-failure.json",
            bytes: KerfJSON.encode(CollectionStatus(outcome: .failed, step: "x", time: "2026-01-02T00:00:00Z")))
        #expect(try box().state == .fine)
    }

    @Test("each part of the identity that has changed is named") func changedIdentity() throws {
        var doctor = PlantedDoctor()
        (doctor.kernel, doctor.governor, doctor.microcode) = ("6.12.1", "powersave", "0xf4")
        // Within what the kernel keeps for itself.
        doctor.memoryBytes = (8 << 30) - (100 << 20)
        doctor.devices = ["8086:1237", "10de:2684"]
        try fleet.write("pi", doctor: doctor)
        let box = try box()
        let changes = try #require(box.identity).changes
        #expect(changes.map(\.trait) == [.microcode, .kernel, .governor, .pciDevices])
        #expect(changes[1] == BoxChange(trait: .kernel, calibrated: "6.1.0", present: "6.12.1"))
        #expect(changes[3] == BoxChange(trait: .pciDevices, calibrated: "none", present: "10de:2684 bridge"))
        #expect(box.state == .problem && findings(box).first == .identityChanged && box.identity?.isOtherBox == false)
        let text = box.findings[0].text
        #expect(text.hasPrefix("the box has changed since: microcode was 0xf0, is 0xf4; kernel was 6.1.0, is 6.12.1; "))
    }

    @Test("another governor is a setting, not another box") func otherSetting() throws {
        var doctor = PlantedDoctor()
        doctor.governor = "powersave"
        try fleet.write("pi", doctor: doctor)
        let box = try box()
        #expect(box.state == .fine && box.identity?.isSetOtherwise == true && findings(box).contains(.settingChanged))
        #expect(box.findings.contains { $0.text.hasSuffix("governor was performance, is powersave") })
    }

    @Test("another processor is another box") func otherBox() throws {
        var doctor = PlantedDoctor()
        (doctor.cpuModel, doctor.memoryBytes) = ("Another CPU", 4 << 30)
        try fleet.write("pi", doctor: doctor)
        let box = try box()
        #expect(box.identity?.isOtherBox == true && box.identity?.changes.map(\.trait) == [.cpuModel, .memory])
        #expect(box.findings.first?.text.hasPrefix("another box was calibrated: ") == true)
    }

    @Test("a box without cpufreq has no governor, then and now; what one side does not know is not compared")
    func unknownTraits() throws {
        var doctor = PlantedDoctor()
        doctor.governor = nil
        try fleet.write("pi", doctor: doctor) { profile in
            (profile.box.governor, profile.box.microcode, profile.box.memoryBytes) = (nil, nil, nil)
            profile.box.cpuModel = BoxIdentity.unknownProcessor
        }
        let identity = try #require(try box().identity)
        #expect(identity.changes.isEmpty)
        #expect(Set(BoxTrait.allCases).subtracting(identity.compared) == [.microcode, .memory, .cpuModel])
    }

    @Test("without the doctor's report it is not known whether the box has changed") func withoutDoctor() throws {
        try fleet.write("pi", doctor: nil)
        let box = try box()
        #expect(box.state == .fine && box.identity == nil && box.reason(.identity) == "there is no doctor's report")
        #expect(findings(box).contains(.identityUnknown) && box.host?.source == .calibration)
    }

    @Test("much that was rejected, and layers that do not add up, are problems") func disturbed() throws {
        try fleet.write("pi") { profile in
            profile.disturbances = Disturbances(
                measurementCount: 40, measuredSeconds: 10,
                causes: [DisturbanceCause(cause: .otherLoad, count: 12, seconds: 4, otherProcessors: 1.5)])
            for place in profile.layerTimes.indices {
                profile.layerTimes[place].seconds = profile.layerTimes[place].seconds.map { $0 * 1.3 }
            }
        }
        let box = try box()
        #expect(box.state == .problem && box.disturbances?.rejectedShare == 0.4)
        #expect(Array(findings(box).prefix(2)) == [.closure, .disturbed])
    }

    @Test("profiles that nobody calibrated still tell of the box") func profileAlone() throws {
        try fleet.write("pi")
        try fleet.tree.remove("pi/calibration.json")
        let box = try box()
        #expect(findings(box).first == .noCalibration && box.state == .problem)
        #expect(box.meter?.source == .profile && box.workload == 0 && box.identity?.changes.isEmpty == true)
        #expect(box.reason(.calibration) == "its profiles were not calibrated")
    }

    @Test("of several calibrations the one of the newest run is used") func severalCalibrations() throws {
        var planted = SyntheticProfile()
        planted.seed = 2
        let newer = try fleet.write("pi", planted)
        planted.seed = 1
        try fleet.write(try Calibration.planted(planted), "pi/z-old.json")
        let box = try box()
        #expect(box.calibration?.sha256 == newer.sha256)
        #expect(box.findings.contains { $0.text == "2 calibrations, of which calibration.json is used" })
    }
}
