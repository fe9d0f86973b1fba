import Instrumentation
import ProbeKit
import Quantities
import Statistics
import TestSupport
import Testing

@testable import kerf

/// What the doctor says of each made-up box that every clone has.
@Suite("kerf doctor on the fixture boxes")
struct FixtureBoxTests {
    struct Expected: Sendable {
        var name: String
        /// The probes that are present.
        var probes: [String]
        /// `nil` where energy is unavailable.
        var meter: String?
        var total: String?
        var ratedWatts: Double?
    }

    private static let expected = [
        Expected(name: "arm64-big-little", probes: ["cpufreq", "lm-sensors", "host"]),
        Expected(name: "arm64-frequencies-only", probes: ["cpufreq", "host"]),
        Expected(
            name: "desktop-odd-sensors", probes: ["RAPL", "cpufreq", "lm-sensors", "battery"], meter: "powercap",
            total: "package-0", ratedWatts: 65),
        Expected(
            name: "epyc-multi-die", probes: ["RAPL", "cpufreq", "lm-sensors", "PCI", "host"], meter: "powercap",
            total: "package-0-die-0 + package-0-die-1 + package-1-die-0 + package-1-die-1"),
        Expected(
            name: "hybrid-laptop-battery", probes: ["RAPL", "cpufreq", "lm-sensors", "battery", "PCI", "host"],
            meter: "powercap", total: "package-0", ratedWatts: 28),
        Expected(
            name: "jetson-ina3221", probes: ["cpufreq", "lm-sensors", "PCI", "host"], meter: "hwmon",
            total: "ina3221-i2c-1-40/VDD_IN"),
        Expected(name: "kvm-guest", probes: ["PCI", "host"]),
        Expected(name: "raspberry-pi", probes: ["cpufreq", "lm-sensors", "PCI", "host"]),
        Expected(
            name: "thinkpad-partial-capture", probes: ["RAPL"], meter: "powercap", total: "package-0 + package-0/dram"),
        Expected(
            name: "threadripper-mirrored-dies", probes: ["RAPL", "host"], meter: "powercap", total: "package-0-die-0"),
        Expected(
            name: "xeon-two-socket-dram", probes: ["RAPL", "cpufreq", "lm-sensors", "PCI", "host"], meter: "powercap",
            total: "package-0 + package-0/dram + package-1 + package-1/dram", ratedWatts: 300),
    ]

    @Test("no box is forgotten") func complete() {
        #expect(Self.expected.map(\.name) == FixtureBoxes.names)
    }

    @Test("probes and the meter that is taken", arguments: expected)
    func report(_ expected: Expected) throws {
        let report = DoctorReport(root: try FixtureBoxes.root(expected.name))
        #expect(report.probes.filter { $0.status == .present }.map(\.name) == expected.probes)
        let energy = report.energy
        #expect(energy.origin == (expected.meter == nil ? .unavailable : .recorded))
        #expect(energy.meter == expected.meter && energy.totalFormula == expected.total)
        #expect(energy.ratedPowerWatts == expected.ratedWatts)
        #expect(energy.meter != nil || energy.reason?.isEmpty == false)
        #expect((report.host != nil) == expected.probes.contains("host"))
    }

    @Test("the platform stands apart, and a second die is a mirror")
    func roles() throws {
        let laptop = DoctorReport(root: try FixtureBoxes.root("thinkpad-partial-capture")).energy
        #expect(laptop.domains.map(\.role) == ["counted", "nested", "nested", "counted", "platform"])
        let dies = DoctorReport(root: try FixtureBoxes.root("threadripper-mirrored-dies")).energy
        #expect(dies.domains.map(\.role) == ["counted", "mirror"])
        #expect(dies.domains.last?.mirrorOf == "package-0-die-0")
    }

    @Test("nameless chips do not hide the others")
    func oddChips() throws {
        let report = DoctorReport(root: try FixtureBoxes.root("desktop-odd-sensors"))
        #expect(report.sensorChips.contains { $0.name == "coretemp-isa-0001" && $0.sensors.count == 4 })
        #expect(report.probes.first { $0.name == "lm-sensors" }?.failures.count == 2)
    }

    @Test("the executable takes a fixture box", arguments: ["jetson-ina3221", "xeon-two-socket-dram"])
    func executable(name: String) throws {
        let outcome = try KerfProcess.run("doctor", "--root", try FixtureBoxes.path(name))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let total = try #require(Self.expected.first { $0.name == name }?.total)
        #expect(outcome.standardOutput.contains(total))
    }
}
