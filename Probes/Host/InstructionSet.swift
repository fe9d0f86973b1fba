/// The widest vector extension that every CPU of the box has.
enum InstructionSet {
    /// Wider and newer first, in the kernel's spelling.
    private static let x86 = ["avx512_bf16", "avx512f", "avx2", "avx", "sse4_2", "sse2"]
    private static let arm = ["sve2", "sve", "asimd", "neon"]

    /// `scalar` when there is none.
    static func widest(of flags: Set<String>) -> String {
        (x86 + arm).first { flags.contains($0) } ?? "scalar"
    }
}
