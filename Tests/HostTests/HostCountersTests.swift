import Host
import ProbeKit
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite("host counters")
struct HostCountersTests {
    private func write(_ host: HostFixture, steal: Int) throws {
        try host.tree.write("proc/stat", "cpu  100 0 200 300 0 0 0 \(steal) 0 0\ncpu0 1 2 3 4\n")
    }

    @Test("held files show the counters of now")
    func counters() throws {
        let host = try HostFixture()
        try host.writeX86(cpus: 2)
        try write(host, steal: 50)
        try host.writeThread(0, core: 0, siblings: "0-1")
        try host.writeThread(1, core: 0, siblings: "0-1")
        try host.writeThrottles(0, core: 5, package: 30)
        try host.writeThrottles(1, core: 5, package: 30)
        let reader = try host.probe.counterReader()
        let start = try reader.read()
        #expect(start.stealSeconds == 0.5)
        // Two threads of one core, and one package: each counter once.
        #expect(start.coreThrottleCount == 5 && start.packageThrottleCount == 30)
        try write(host, steal: 75)
        try host.writeThrottles(0, core: 7, package: 31)
        let end = try reader.read()
        #expect(end.stealSeconds == 0.75)
        #expect(end.coreThrottleCount == 7 && end.packageThrottleCount == 31)
    }

    @Test("what a box does not tell is nil")
    func missing() throws {
        let host = try HostFixture()
        let empty = try host.probe.counters()
        #expect(empty.stealSeconds == nil)
        #expect(empty.coreThrottleCount == nil && empty.packageThrottleCount == nil)
        try host.tree.write("proc/stat", "cpu  1 2 3 4\n")
        #expect(try host.probe.counters().stealSeconds == nil)
    }

    @Test(
        "garbage is an error with the file's name, never a value",
        arguments: [
            ("proc/stat", ""), ("proc/stat", "cpu0 1 2 3 4\n"), ("proc/stat", "cpu 1 2 3\n"),
            ("proc/stat", "cpu 1 2 3 -4 5\n"),
            ("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "many\n"),
        ])
    func garbage(path: String, text: String) throws {
        let host = try HostFixture()
        try host.writeX86()
        try host.tree.write(path, text)
        if path.hasPrefix("sys") { try host.writeThread(0, core: 0, siblings: "0") }
        let error = try #require(throws: KerfError.self) { try host.probe.counters() }
        #expect(error.code == .invalidReading && error.location == host.tree.file(path).string)
    }

    @Test("readings go on where a file is missing, and say which")
    func readings() throws {
        let host = try HostFixture()
        try host.writeX86()
        try host.tree.write("proc/loadavg", "0.25 1.50 2.75 1/100 4242\n")
        try write(host, steal: 50)
        let result = host.probe.readings()
        let value = { (sensor: String) in result.readings.first { $0.sensor == sensor }?.value }
        #expect(value("memory total") == 2_097_152 && value("memory available") == 1_048_576)
        #expect(value("load 5 min") == 1.5)
        #expect(value("cpu user") == 1 && value("cpu idle") == 3 && value("cpu steal") == 0.5)
        #expect(result.failures.count == 1)
        #expect(result.failures.first?.message.contains("throttl") == true)
        #expect(result.failures.first?.remedy != nil)
        try host.tree.remove("proc/meminfo")
        try host.tree.write("proc/loadavg", "nan inf x\n")
        #expect(host.probe.readings().failures.count == 3)
    }

    @Test(
        "mixed-client: throttle counts of a box without a topology",
        .enabled(if: SharedBoxes.arePresent, Comment(rawValue: SharedBoxes.reason)))
    func mixedClient() throws {
        let counters = try HostProbe(root: try SharedBoxes.root("mixed-client")).counters()
        #expect(counters.coreThrottleCount == 5 + 0 + 0 + 9 && counters.packageThrottleCount == 30 + 30 + 6 + 6)
        #expect(counters.stealSeconds == nil)
    }

}
