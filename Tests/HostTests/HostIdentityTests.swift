import Host
import ProbeKit
import SystemIO
import TestSupport
import Testing

@Suite("host identity")
struct HostIdentityTests {
    @Test("an x86 box is named by what its files say")
    func x86() throws {
        let host = try HostFixture()
        try host.writeX86(flags: "lm sse2 avx avx2 fma avx512f avx512_bf16", cpus: 4)
        let identity = try host.probe.identity()
        #expect(identity.architecture == "x86_64")
        #expect(identity.cpuModel == "Planted CPU @ 2.00GHz" && identity.cpuVendor == "GenuineIntel")
        #expect(identity.cpuFamily == 6 && identity.cpuModelNumber == 143 && identity.cpuStepping == 8)
        #expect(identity.microcode == "0x2b0004d0")
        #expect(identity.instructionSet == "avx512_bf16")
        #expect(identity.hypervisor == nil)
        #expect(identity.memoryBytes == 2 << 20)
        #expect(identity.kernelRelease == "6.1.0-test")
        #expect(identity.topology.sockets == 2 && identity.topology.cores == 4 && identity.topology.threads == 4)
        #expect(identity.topology.basis.contains("cpuinfo"))
    }

    @Test("an instruction set counts only when every CPU has it")
    func commonFlags() throws {
        let host = try HostFixture()
        try host.tree.write(
            "proc/cpuinfo",
            "processor: 0\nvendor_id: X\nflags: lm sse2 avx2 fma\n\nprocessor: 1\nvendor_id: X\nflags: lm sse2\n")
        let identity = try host.probe.identity()
        #expect(identity.instructionSet == "sse2")
        #expect(identity.ratedFlopsPerCyclePerCore == 8)
    }

    @Test(
        "rated operations a cycle follow the units of the CPU",
        arguments: [
            ("GenuineIntel", 6, 143, "sse2 avx avx2 fma avx512f", 64.0),  // Sapphire Rapids
            ("GenuineIntel", 6, 0x8C, "sse2 avx avx2 fma avx512f", 32),  // Tiger Lake, one unit
            ("AuthenticAMD", 0x19, 0x11, "sse2 avx avx2 fma avx512f", 32),  // Zen 4, two turns
            ("AuthenticAMD", 0x1A, 0x02, "sse2 avx avx2 fma avx512f", 64),  // Zen 5 server
            ("AuthenticAMD", 0x17, 0x01, "sse2 avx avx2 fma", 16),  // Zen, two turns
            ("AuthenticAMD", 0x17, 0x31, "sse2 avx avx2 fma", 32),  // Zen 2
            ("GenuineIntel", 6, 60, "sse2 avx avx2 fma", 32),  // Haswell
            ("GenuineIntel", 6, 42, "sse2 avx", 16),  // Sandy Bridge
            ("GenuineIntel", 6, 42, "sse2 avx avx2", 16),  // a hypervisor that hides fma
            ("GenuineIntel", 6, 15, "sse2", 8),  // Core 2
        ])
    func rated(vendor: String, family: Int, model: Int, flags: String, flops: Double) throws {
        let host = try HostFixture()
        try host.writeX86(vendor: vendor, family: family, model: model, flags: "lm " + flags)
        let rated = try #require(try host.probe.identity().rated)
        #expect(rated.flopsPerCyclePerCore == flops)
        #expect(rated.basis.hasPrefix("rated by instruction set, not measured"))
    }

    @Test("arm64 cores are named by part; clusters of two kinds show both, the wider one rates")
    func arm() throws {
        let host = try HostFixture()
        try host.writeArm(parts: [0xD05, 0xD05, 0xD41, 0xD41])
        let identity = try host.probe.identity()
        #expect(identity.architecture == "aarch64" && identity.cpuVendor == "Arm")
        #expect(identity.cpuModel == "Arm Cortex-A55 + Arm Cortex-A78")
        #expect(identity.instructionSet == "asimd" && identity.ratedFlopsPerCyclePerCore == 16)
        #expect(identity.topology.threads == 4 && identity.memoryBytes == nil && identity.kernelRelease == nil)
        try host.writeArm(parts: [0xFFF], implementer: 0x77, features: "fp asimd sve")
        try host.tree.write("proc/sys/abi/sve_default_vector_length", "64\n")
        let unknown = try host.probe.identity()
        #expect(unknown.cpuModel == "implementer 0x77 part 0xfff")
        #expect(unknown.instructionSet == "sve" && unknown.ratedFlopsPerCyclePerCore == 64)
    }

    @Test("an instruction set that is not known has no rating, not a zero")
    func unknownArchitecture() throws {
        let host = try HostFixture()
        try host.tree.write("proc/cpuinfo", "processor\t: 0\nhart\t: 0\nisa\t: rv64imafdc\n")
        let identity = try host.probe.identity()
        #expect(identity.architecture == "riscv64" && identity.instructionSet == "scalar" && identity.rated == nil)
    }

    @Test("a hypervisor is named by firmware, by Xen's own file, or by its clock")
    func hypervisor() throws {
        let host = try HostFixture()
        try host.tree.write(
            under: "sys/class/dmi/id", ["sys_vendor": "Planted Cloud", "product_name": "vm.large"])
        try host.writeX86(flags: "lm sse2")
        #expect(try host.probe.identity().hypervisor == nil)
        try host.writeX86(flags: "lm sse2 hypervisor")
        #expect(try host.probe.identity().hypervisor == "Planted Cloud vm.large")
        try host.tree.write("sys/hypervisor/type", "xen\n")
        #expect(try host.probe.identity().hypervisor == "xen (Planted Cloud vm.large)")
        try host.tree.remove("sys/hypervisor")
        try host.tree.remove("sys/class/dmi")
        #expect(try host.probe.identity().hypervisor == "unnamed hypervisor")
        try host.tree.write(
            "sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc kvm-clock\n")
        #expect(try host.probe.identity().hypervisor == "KVM")
    }

    @Test(
        "no cpuinfo is absent, an empty one or garbage broken, each with a remedy",
        arguments: [nil, "", "\u{0}\u{1}garbage"])
    func absent(text: String?) throws {
        let host = try HostFixture()
        if let text { try host.tree.write("proc/cpuinfo", text) }
        #expect(host.probe.availability().status == (text == nil ? .absent : .broken))
        #expect(host.probe.availability().remedy != nil)
        let error = try #require(throws: KerfError.self) { try host.probe.identity() }
        #expect(error.code == (text == nil ? .notFound : .invalidReading))
    }

    @Test("a cpuinfo that cannot be read is broken, one under another file masked")
    func unreadable() throws {
        let host = try HostFixture()
        try host.tree.directory("proc/cpuinfo")
        let broken = host.probe.availability()
        #expect(broken.status == .broken && broken.remedy != nil)
        try host.tree.remove("proc/cpuinfo")
        // What a container binds over a file that it hides.
        try host.tree.link("proc/cpuinfo", "/dev/null")
        let masked = host.probe.availability()
        #expect(masked.status == .masked && masked.remedy?.description.contains("umount") == true)
    }

    @Test("a file that two parts read is reported once")
    func failures() throws {
        let host = try HostFixture()
        try host.writeX86()
        try host.tree.write("proc/stat", "cpu  -1 x\n")
        let places = host.probe.readings().failures.compactMap(\.location).filter { $0.hasSuffix("proc/stat") }
        #expect(places.count == 1)
    }

    @Test("the running system has an identity")
    func live() throws {
        let identity = try HostProbe().identity()
        #expect(identity.topology.threads >= identity.topology.cores)
        #expect(identity.topology.cores >= identity.topology.sockets && identity.topology.sockets >= 1)
        #expect((identity.memoryBytes ?? 0) > 0 && identity.kernelRelease != nil)
    }
}
