/// Rated throughput of a core per cycle, derived from its instruction set; never measured.
package struct RatedThroughput: Sendable, Codable, Hashable {
    /// f32 floating-point operations per cycle and core; a fused multiply-add counts as two.
    package var flopsPerCyclePerCore: Double
    /// Source of the value and its assumptions.
    package var basis: String

    package init(flopsPerCyclePerCore: Double, basis: String) {
        self.flopsPerCyclePerCore = flopsPerCyclePerCore
        self.basis = basis
    }
}

extension RatedThroughput {
    /// Vendor, family and model distinguish CPUs with equal flags and different units.
    ///
    /// Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, and AMD's software optimization guides
    /// for families 17h, 19h and 1Ah: number and width of the multiply-add units.
    /// - Returns: `nil` when the flags contain no known vector extension.
    init?(x86 flags: Set<String>, vendor: String, family: Int?, model: Int?) {
        let (flops, units): (Double, String)
        if flags.contains("avx512f") {
            (flops, units) =
                Self.hasHalfRate512(vendor: vendor, family: family, model: model)
                ? (32, "AVX-512 at one 512-bit multiply-add a cycle (this CPU family)")
                : (64, "AVX-512, assuming two 512-bit multiply-add units")
        } else if flags.contains("avx2"), flags.contains("fma") {
            // Zen and Zen+ split each 256-bit operation in two.
            let isSplit = vendor == "AuthenticAMD" && family == 0x17 && (model ?? 0xFF) < 0x30
            (flops, units) =
                isSplit
                ? (16, "AVX2 on two 128-bit multiply-add units (this CPU family)")
                : (32, "AVX2, two 256-bit multiply-add units")
        } else if flags.contains("avx") {
            (flops, units) = (16, "AVX, one 256-bit adder and one 256-bit multiplier")
        } else if flags.contains("sse2") {
            (flops, units) = (8, "SSE2, one 128-bit adder and one 128-bit multiplier")
        } else {
            return nil
        }
        self.init(flopsPerCyclePerCore: flops, basis: Self.sentence(units))
    }

    /// CPUs that run 512-bit operations on 256-bit units in two passes, or have one 512-bit unit.
    private static func hasHalfRate512(vendor: String, family: Int?, model: Int?) -> Bool {
        switch (vendor, family) {
        case ("AuthenticAMD", 0x19): true  // Zen 4
        case ("AuthenticAMD", 0x1A): [0x20, 0x24, 0x60, 0x68].contains(model)  // Zen 5 in mobile parts
        case ("GenuineIntel", 6):  // Cannon, Ice, Tiger and Rocket Lake for clients
            [0x66, 0x7D, 0x7E, 0x8C, 0x8D, 0xA7].contains(model)
        default: false
        }
    }

    /// - Parameters:
    ///   - cores: the box's core types; the widest one counts.
    ///   - sveBytes: length of an SVE vector, where the kernel reports it.
    init?(arm flags: Set<String>, cores: Set<ArmCore>, sveBytes: Int?) {
        guard flags.contains("asimd") else { return nil }
        if let known = cores.compactMap(\.fmaPipes).max() {
            let name = cores.filter { $0.fmaPipes == known }.map(\.name).min() ?? ""
            self.init(
                flopsPerCyclePerCore: Double(known) * 8,
                basis: Self.sentence("\(known) 128-bit multiply-add pipe\(known == 1 ? "" : "s") of \(name)"))
        } else if flags.contains("sve"), let sveBytes, sveBytes > 16 {
            self.init(
                flopsPerCyclePerCore: Double(sveBytes),
                basis: Self.sentence("SVE, assuming two \(sveBytes * 8)-bit multiply-add pipes"))
        } else {
            self.init(
                flopsPerCyclePerCore: 16, basis: Self.sentence("NEON, assuming two 128-bit multiply-add pipes"))
        }
    }

    private static func sentence(_ units: String) -> String { "rated by instruction set, not measured: \(units)" }
}
