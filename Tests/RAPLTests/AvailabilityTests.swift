import ProbeKit
import Quantities
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import RAPL

@Suite struct AvailabilityTests {
    @Test(
        arguments: [
            ("flags\t\t: fpu hypervisor avx2", "virtual machine", .hostOrVirtualBoard),
            (
                "flags\t\t: fpu avx2", "not loaded",
                "sudo modprobe intel_rapl_msr (Intel and AMD; the kernel needs CONFIG_INTEL_RAPL)"
            ),
            ("CPU implementer\t: 0x41", "not known to have RAPL", .powerSensorOrVirtualBoard),
            ("vendor_id\t: IBM/S390", "not known to have RAPL", .powerSensorOrVirtualBoard),
        ] as [(String, String, Remedy)])
    func absenceNamesItsCauseAndRemedy(cpuinfo: String, cause: String, remedy: Remedy) throws {
        let box = try FixtureTree()
        try box.write("proc/cpuinfo", "processor\t: 0\n\(cpuinfo)\n")
        let availability = RAPLProbe(root: box.root).availability()
        #expect(availability.status == .absent)
        #expect(availability.reason.contains(cause))
        #expect(availability.remedy == remedy)
        #expect(throws: KerfError.self) { try RAPLProbe(root: box.root).meter() }
    }

    /// Without procfs, or with a file that says nothing, no processor is said to lack RAPL.
    @Test(arguments: [nil, "", "\n"]) func anUnknownProcessorMayHaveRAPL(cpuinfo: String?) throws {
        let box = try FixtureTree()
        if let cpuinfo { try box.write("proc/cpuinfo", cpuinfo) }
        let availability = RAPLProbe(root: box.root).availability()
        #expect(availability.status == .absent && availability.reason.contains("is not known without"))
        #expect(availability.remedy?.description.contains("proc/cpuinfo") == true)
    }

    /// Root reads what nobody may, so the refusal itself is made from the error number.
    @Test func refusalNamesTheRuleAndTheCapability() throws {
        let box = try FixtureTree()
        let probe = RAPLProbe(root: box.root)
        let refused = KerfError(.permissionDenied, doing: "open", at: "/sys/class/powercap/intel-rapl:0/energy_uj")
        #expect(refused.code == .permissionDenied)
        let remedy = try #require(probe.remedy(for: refused))
        #expect(remedy.description.contains("RUN+=\"/bin/chgrp kerf %S%p/energy_uj\""))
        #expect(remedy.description.contains("setcap cap_dac_read_search+ep"))
        #expect(!remedy.description.contains("\n"))
        let gone = KerfError(.noSuchFileOrDirectory, doing: "open", at: "x")
        #expect(probe.remedy(for: gone) == nil)
        // The rule would not open these.
        for place in ["/sys/class/powercap", "/sys/class/powercap/intel-rapl:0/name"] as [FilePath] {
            let closed = probe.remedy(for: KerfError(.permissionDenied, doing: "open", at: place))?.description
            #expect(closed?.contains("udev") == false && closed?.contains("read access") == true)
        }
        let broken = KerfError(Errno(rawValue: 5), doing: "read", at: "/sys/class/powercap/intel-rapl:0/energy_uj")
        #expect(probe.remedy(for: broken)?.description.contains("dmesg") == true)
    }

    @Test func ratedPowerIsTheLongTermLimitOfEachPackage() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "1")
        try box.zone("intel-rapl:1", name: "package-1", microjoules: "2")
        try box.zone("intel-rapl-mmio:0", name: "package-0", microjoules: "1")
        let probe = RAPLProbe(root: box.root)
        #expect(probe.ratedPowerWatts() == nil)
        for device in ["intel-rapl:0", "intel-rapl:1", "intel-rapl-mmio:0"] {
            try box.write(
                under: "sys/class/powercap/\(device)",
                [
                    "constraint_0_name": "short_term", "constraint_0_max_power_uw": "120000000",
                    "constraint_1_name": "long_term", "constraint_1_max_power_uw": "0",
                    "constraint_1_power_limit_uw": "65000000",
                ])
        }
        #expect(probe.ratedPowerWatts() == 130)
        // A limit of kilowatts means none.
        try box.write("sys/class/powercap/intel-rapl:1/constraint_1_power_limit_uw", "4090000000\n")
        #expect(probe.ratedPowerWatts() == nil)
        try box.write("sys/class/powercap/intel-rapl:1/constraint_1_max_power_uw", "35000000\n")
        #expect(probe.ratedPowerWatts() == 100)
    }

    @Test func originFollowsTheBoardsMarker() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "1")
        #expect(try RAPLProbe(root: box.root).meter().origin == .recorded)
        try box.write("kerf/board.json", "{}")
        #expect(try RAPLProbe(root: box.root).meter().origin == .simulated)
    }
}
