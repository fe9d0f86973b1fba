import Statistics
import TestSupport

/// One kind of input: a corpus of its own, since bytes that reach far into one are noise to another.
protocol InputKind: Sendable {
    var name: String { get }
    /// Sound inputs, from which the fuzzer starts.
    func seeds() throws -> [[UInt8]]
    /// Words for the dictionary.
    func words() throws -> Set<String>
    /// Uses the input to the end. Throws one of Kerf's own errors, or nothing; all else is a finding.
    func attempt(_ bytes: [UInt8]) throws
    /// The mutation that keeps the input's form.
    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8]
}

extension InputKind {
    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.bytes(bytes, maximum: maximum, using: &random)
    }
}
