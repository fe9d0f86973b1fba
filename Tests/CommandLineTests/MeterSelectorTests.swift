import Instrumentation
import ProbeKit
import Quantities
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// The reasons of the selection are those of the doctor, in the order in which a user would ask for them.
@Suite("Reasons for having no meter")
struct MeterSelectorTests {
    private func box(_ cpuinfo: String = "processor\t: 0\nflags\t\t: fpu avx2\n") throws -> FixtureTree {
        let box = try FixtureTree()
        try box.write("proc/cpuinfo", cpuinfo)
        return box
    }

    private func failure(_ box: FixtureTree, _ backend: MeterBackend? = nil) throws -> KerfError {
        let selector = MeterSelector(root: box.root)
        let error = #expect(throws: KerfError.self) { _ = try selector.meter(of: backend) }
        return try #require(error)
    }

    /// Each backend's answer in the doctor is a part of the error of the selection.
    private func expectTheDoctorsWords(_ error: KerfError, _ box: FixtureTree) {
        for answer in MeterSurvey(root: box.root).answers {
            let text = answer.availability.text(of: answer.backend.rawValue)
            #expect(error.message.contains(text), "\(text) is not in \(error.message)")
        }
    }

    @Test func withoutHardwareEveryReasonIsGiven() throws {
        let box = try box()
        let error = try failure(box)
        #expect(error.message.hasPrefix("powercap absent: ") && error.code == .notFound)
        expectTheDoctorsWords(error, box)
        #expect(error.remedy?.description.hasPrefix("for powercap: ") == true)
        let reason = try #require(DoctorReport(root: box.root).energy.reason)
        #expect(error.message.hasPrefix(reason))
    }

    /// The board has a sensor, and its reason comes before that of a RAPL that the processor never had.
    @Test func theReasonOfASensorThatIsThereComesFirst() throws {
        let box = try box("CPU implementer\t: 0x41\n")
        try box.write(under: "sys/class/hwmon/hwmon0", ["name": "power_meter", "power1_average": "4294967295000"])
        let error = try failure(box)
        #expect(error.message.hasPrefix("hwmon implausible: ") && error.code == .implausibleReading)
        #expect(error.message.contains("powercap absent: "))
        expectTheDoctorsWords(error, box)
        let energy = DoctorReport(root: box.root).energy
        #expect(energy.origin == .unavailable && energy.reason?.hasPrefix("hwmon implausible: ") == true)
        #expect(energy.backends.first { $0.name == "hwmon" }?.status == .implausible)
    }

    @Test func aMaskedRAPLComesBeforeABrokenSensor() throws {
        let box = try box()
        try box.link("sys/class/powercap/intel-rapl:0", "../../devices/virtual/powercap/intel-rapl/intel-rapl:0")
        try box.write(under: "sys/class/hwmon/hwmon0", ["name": "power_meter", "power1_average": "much"])
        let error = try failure(box)
        #expect(error.message.hasPrefix("powercap masked: ") && error.message.contains("; hwmon broken: "))
        expectTheDoctorsWords(error, box)
        // The remedies of both, and none for hardware that is missing.
        let remedy = try #require(error.remedy?.description)
        #expect(
            remedy.contains("for powercap: ") && remedy.contains("for hwmon: ") && !remedy.contains("for battery: "))
    }

    @Test(arguments: [MeterBackend.hwmon, .battery, .powercap]) func aRequestedBackendHasItsOwnReasonOnly(
        backend: MeterBackend
    ) throws {
        let error = try failure(try box(), backend)
        #expect(error.message.hasPrefix("\(backend.rawValue) absent: ") && !error.message.contains("; "))
        #expect(error.remedy?.description.hasPrefix("for ") == false)
    }

    /// Files that nobody updates: whatever their chips state, there is no power to integrate.
    @Test(arguments: ["hwmon", "battery", "powercap"]) func aRecordingIsNoMeter(backend: String) throws {
        let box = try box()
        switch backend {
        case "hwmon":
            try box.write(
                under: "sys/class/hwmon/hwmon0",
                [
                    "name": "ina3221", "update_interval": "20", "in1_label": "VDD_IN", "in1_input": "5072",
                    "curr1_input": "1000",
                ])
        case "battery":
            try box.write(
                under: "sys/class/power_supply/BAT0",
                ["type": "Battery", "status": "Discharging", "power_now": "5000000"])
        default: try box.write(under: "sys/class/powercap/intel-rapl:0", ["name": "package-0", "energy_uj": "5"])
        }
        let error = try failure(box)
        #expect(error.code == .staleReading && error.message.hasPrefix("\(backend) stale: "))
        #expect(error.message.contains("recording"))
        let energy = DoctorReport(root: box.root).energy
        #expect(energy.origin == .recorded && energy.meter == backend && energy.summary.hasPrefix("recorded"))
    }
}
