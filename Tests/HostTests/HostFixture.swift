import Host
import TestSupport

/// Writes a host's files.
struct HostFixture {
    let tree: FixtureTree

    init() throws { tree = try FixtureTree() }

    var probe: HostProbe { HostProbe(root: tree.root) }

    /// An x86 box with as many logical CPUs; every flag and number as stated.
    func writeX86(
        vendor: String = "GenuineIntel", family: Int = 6, model: Int = 143, flags: String = "lm sse2 avx avx2 fma",
        cpus: Int = 1
    ) throws {
        let blocks = (0..<cpus).map { number in
            """
            processor\t: \(number)
            vendor_id\t: \(vendor)
            cpu family\t: \(family)
            model\t\t: \(model)
            model name\t: Planted CPU @ 2.00GHz
            stepping\t: 8
            microcode\t: 0x2b0004d0
            physical id\t: \(number / 2)
            core id\t\t: \(number)
            flags\t\t: \(flags)
            power management:

            """
        }
        try tree.write("proc/cpuinfo", blocks.joined(separator: "\n"))
        try tree.write("proc/meminfo", "MemTotal:        2048 kB\nMemFree:  1 kB\nMemAvailable:    1024 kB\n")
        try tree.write("proc/sys/kernel/osrelease", "6.1.0-test\n")
    }

    func writeArm(parts: [Int], implementer: Int = 0x41, features: String = "fp asimd") throws {
        let blocks = parts.enumerated().map { number, part in
            """
            processor\t: \(number)
            BogoMIPS\t: 50.00
            Features\t: \(features)
            CPU implementer\t: 0x\(String(implementer, radix: 16))
            CPU architecture: 8
            CPU part\t: 0x\(String(part, radix: 16))

            """
        }
        try tree.write("proc/cpuinfo", blocks.joined(separator: "\n"))
    }

    /// The topology of one logical CPU.
    func writeThread(_ number: Int, package: Int = 0, core: Int, siblings: String) throws {
        try tree.write(
            under: "sys/devices/system/cpu/cpu\(number)/topology",
            ["physical_package_id": "\(package)", "core_id": "\(core)", "thread_siblings_list": siblings])
    }

    func writeThrottles(_ number: Int, core: Int, package: Int) throws {
        try tree.write(
            under: "sys/devices/system/cpu/cpu\(number)/thermal_throttle",
            ["core_throttle_count": "\(core)", "package_throttle_count": "\(package)"])
    }
}
