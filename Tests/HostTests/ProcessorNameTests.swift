import Host
import ProbeKit
import ProfileFormat
import SystemIO
import TestSupport
import Testing

/// What each architecture's kernel writes, shortened.
@Suite("Names of processors")
struct ProcessorNameTests {
    private func identity(_ cpuinfo: String, _ files: [String: String] = [:]) throws -> HostIdentity {
        let host = try HostFixture()
        try host.tree.write("proc/cpuinfo", cpuinfo)
        for (path, text) in files { try host.tree.write(path, text) }
        return try host.probe.identity()
    }

    private static let riscV = """
        processor\t: 0
        hart\t\t: 2
        isa\t\t: rv64imafdc_zicntr_zicsr
        mmu\t\t: sv39
        uarch\t\t: sifive,u74-mc
        mvendorid\t: 0x489
        marchid\t\t: 0x8000000000000007
        mimpid\t\t: 0x4210427

        processor\t: 1
        hart\t\t: 1
        isa\t\t: rv64imafdc

        """

    @Test("RISC-V: the device tree's name, and the registers that tell one implementation from another")
    func riscV() throws {
        let first = try identity(Self.riscV)
        #expect(first.cpuModel.hasPrefix("sifive,u74-mc (") && first.cpuVendor == "sifive")
        #expect(first.cpuModel.contains("mimpid 0x4210427") && first.architecture == "riscv64")
        let second = try identity(Self.riscV.replacing("0x4210427", with: "0x20181004"))
        #expect(second.cpuModel != first.cpuModel)
        let registers = try identity(Self.riscV.replacing("uarch\t\t: sifive,u74-mc\n", with: ""))
        #expect(registers.cpuModel.hasPrefix("RISC-V mvendorid 0x489, marchid 0x8000000000000007"))
        #expect(registers.cpuVendor == "vendor 0x489")
    }

    @Test("RISC-V: registers of 0 name nothing, the device tree's CPU does unless it is any RISC-V")
    func riscVWithoutRegisters() throws {
        let text = "processor: 0\nhart: 0\nisa: rv64imafdc\nmvendorid: 0x0\nmarchid: 0x0\nmimpid: 0x0\n"
        let tree = { (name: String) in ["proc/device-tree/cpus/cpu@0/compatible": name] }
        #expect(try identity(text, tree("thead,c910\0riscv\0")).cpuModel == "thead,c910")
        #expect(try identity(text, tree("riscv\0")).cpuModel == BoxIdentity.unknownProcessor)
        #expect(try identity(text).cpuModel == BoxIdentity.unknownProcessor)
    }

    @Test("LoongArch")
    func loongArch() throws {
        let text = """
            system type\t\t: generic-loongson-machine

            processor\t\t: 0
            package\t\t\t: 0
            CPU Family\t\t: Loongson-64bit
            Model Name\t\t: Loongson-3A6000
            CPU MHz\t\t\t: 2500.00
            Features\t\t: cpucfg lam ual fpu lsx lasx

            """
        let box = try identity(text)
        #expect(box.cpuModel == "Loongson-3A6000" && box.cpuVendor == "Loongson")
        #expect(box.architecture == "loongarch64" && box.instructionSet == "lasx" && box.rated == nil)
        #expect(try identity(text.replacing("3A6000", with: "3C6000")).cpuModel == "Loongson-3C6000")
    }

    @Test("POWER: servers of one generation are told apart by the machine's type")
    func power() throws {
        let text = """
            processor\t: 0
            cpu\t\t: POWER9, altivec supported
            clock\t\t: 3783.000000MHz
            revision\t: 2.2 (pvr 004e 1202)

            processor\t: 4
            cpu\t\t: POWER9, altivec supported
            clock\t\t: 2166.000000MHz

            timebase\t: 512000000
            platform\t: PowerNV
            model\t\t: 9006-22P

            """
        let box = try identity(text)
        #expect(box.cpuModel == "POWER9, altivec supported (9006-22P)" && box.cpuVendor == "IBM")
        #expect(box.topology.threads == 2 && box.architecture == "ppc64" && box.cpuModelNumber == nil)
        #expect(try identity(text.replacing("9006-22P", with: "8335-GTH")).cpuModel != box.cpuModel)
        let host = try HostFixture()
        try host.tree.write("proc/cpuinfo", text)
        #expect(host.probe.cpuinfoHertz() == 3_783_000_000)
    }

    @Test("s390: the machine's type, without its serial number")
    func s390() throws {
        let text = """
            vendor_id       : IBM/S390
            # processors    : 2
            features\t: esan3 zarch stfle msa ldisp eimm dfp edat etf3eh highgprs te vx vxd vxe
            processor 0: version = FF,  identification = 0A1B2C,  machine = 3906
            processor 1: version = FF,  identification = 1A1B2C,  machine = 3906

            cpu number      : 0
            cpu MHz dynamic : 5208
            cpu MHz static  : 5208

            """
        let box = try identity(text)
        #expect(box.cpuModel == "IBM/S390 machine 3906" && box.cpuVendor == "IBM/S390")
        #expect(box.architecture == "s390x" && box.topology.threads == 2 && box.instructionSet == "vxe")
        #expect(try identity(text.replacing("machine = 3906", with: "machine = 8561")).cpuModel != box.cpuModel)
    }

    @Test("32-bit arm: the core and the chip, not the architecture's revision")
    func arm() throws {
        let core = """
            processor\t: 0
            model name\t: ARMv7 Processor rev 5 (v7l)
            Features\t: half thumb fastmult vfp edsp neon vfpv3
            CPU implementer\t: 0x41
            CPU architecture: 7
            CPU part\t: 0xc07

            """
        let board = "Hardware\t: Allwinner sun8i Family\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n"
        #expect(try identity(core + "\n" + board).cpuModel == "Arm Cortex-A7 (Allwinner sun8i Family)")
        #expect(try identity(core).cpuModel == "Arm Cortex-A7")
        #expect(try identity(core).architecture == "arm" && identity(core).instructionSet == "neon")
        // Kernels before 3.8 describe the cores once, after them.
        let old = """
            Processor\t: ARMv7 Processor rev 10 (v7l)
            processor\t: 0
            BogoMIPS\t: 790.52

            processor\t: 1
            BogoMIPS\t: 790.52

            Features\t: swp half thumb vfp neon
            CPU implementer\t: 0x41
            CPU part\t: 0xc09
            Hardware\t: Freescale i.MX 6Quad

            """
        let box = try identity(old)
        #expect(box.cpuModel == "Arm Cortex-A9 (Freescale i.MX 6Quad)" && box.topology.threads == 2)
        #expect(box.instructionSet == "neon" && box.architecture == "arm")
        #expect(try identity("processor: 0\n\nHardware: Some Board\n").cpuModel == "Some Board")
    }

    @Test("arm: the board stands for cores without numbers, and tells boxes apart that have one architecture")
    func armBoard() throws {
        let architecture = "AArch64 Processor rev 14 (aarch64)"
        let old = "Processor: \(architecture)\nprocessor: 0\nBogoMIPS: 38.40\n\nHardware: Vendor SoC 845\n"
        #expect(try identity(old).cpuModel == "Vendor SoC 845")
        #expect(try identity(old.replacing("845", with: "855")).cpuModel == "Vendor SoC 855")
        let named = "processor: 0\nmodel name: ARMv7 Processor rev 4 (v7l)\n"
        #expect(try identity(named + "\nHardware: BCM2835\n").cpuModel == "BCM2835")
        // Without a blank line before it, after the last CPU.
        let joined = "processor: 0\nBogoMIPS: 26.00\n\nprocessor: 1\nBogoMIPS: 26.00\nHardware: MT6797X\n"
        #expect(try identity(joined).cpuModel == "MT6797X")
        // Where nothing else is known, the architecture is better than nothing.
        #expect(try identity(named).cpuModel == "ARMv7 Processor rev 4 (v7l)")
        let tree = ["proc/device-tree/cpus/cpu@0/compatible": "arm,cortex-a53\0arm,armv8\0"]
        #expect(try identity(named, tree).cpuModel == "arm,cortex-a53")
    }

    @Test("arm before Linux 3.8, built for one CPU: no line begins a CPU")
    func armUniprocessor() throws {
        let text = """
            Processor\t: ARM926EJ-S rev 5 (v5l)
            BogoMIPS\t: 218.72
            Features\t: swp half thumb fastmult edsp java
            CPU implementer\t: 0x41
            CPU architecture: 5TEJ
            CPU part\t: 0x926
            CPU revision\t: 5

            Hardware\t: Some NAS

            """
        let box = try identity(text)
        #expect(box.cpuModel == "Arm part 0x926 (Some NAS)" && box.topology.threads == 1)
    }

    @Test("mips, sparc and parisc")
    func others() throws {
        let mips = "system type: Atheros AR7161\nprocessor: 0\ncpu model: MIPS 24Kc V7.4\n"
        #expect(try identity(mips).cpuModel == "MIPS 24Kc V7.4 (Atheros AR7161)")
        let sparc = "cpu\t\t: UltraSparc T5 (Niagara5)\nncpus probed\t: 16\nncpus active\t: 16\n"
        let box = try identity(sparc)
        #expect(box.cpuModel == "UltraSparc T5 (Niagara5)" && box.topology.threads == 16)
        let parisc = "processor: 0\ncpu family: PA-RISC 2.0\ncpu: PA8900 (Shortfin)\nmodel name: 9000/785/C8000\n"
        #expect(try identity(parisc).cpuModel == "9000/785/C8000")
    }

    @Test(
        "a processor that nothing names is unknown",
        arguments: ["processor: 0\n", "processor: 0\nisa: rv64gc\n", "processor: 0\nmodel name:\nBogoMIPS: 50\n"])
    func unnamed(text: String) throws {
        #expect(try identity(text).cpuModel == BoxIdentity.unknownProcessor)
    }
}
