import Statistics

/// Mutations of sound inputs, for the seeded tests and for the coverage-guided fuzz target alike.
///
/// Most mutations of a file's bytes are refused by the first check. So each form has mutations that keep it: JSON, lines,
/// ustar archives, and files with a header before their data.
package struct Mutator: Sendable {
    /// Changes bytes of no known form. Parameters: bytes, greatest count of the result, random numbers.
    package typealias Plain = @Sendable ([UInt8], Int, inout SeededGenerator) -> [UInt8]

    let plain: Plain

    /// - Parameter plain: libFuzzer's own mutations in the fuzz target.
    package init(plain: @escaping Plain) { self.plain = plain }

    /// Mutations that depend on the random numbers alone.
    package static let seeded = Mutator { bytes, maximum, random in
        Array(damaged(bytes, using: &random).prefix(maximum))
    }

    /// Any bytes, mutated as a whole.
    ///
    /// - Parameter maximum: greatest count of the result, here and in all other mutations.
    package func bytes(_ good: [UInt8], maximum: Int = .max, using random: inout SeededGenerator) -> [UInt8] {
        plain(good, maximum, &random)
    }

    /// A file whose first bytes describe the rest: half of the mutations are within the header.
    package func headed(
        _ good: [UInt8], header: Int, maximum: Int = .max, using random: inout SeededGenerator
    ) -> [UInt8] {
        let count = min(header, good.count)
        guard Bool.random(using: &random), maximum >= good.count else { return plain(good, maximum, &random) }
        let room = maximum == .max ? .max : maximum - (good.count - count)
        return plain(Array(good[..<count]), room, &random) + good[count...]
    }

    /// Flipped bits, odd bytes, runs of ones, and in one of four cases a file that is cut off.
    private static func damaged(_ good: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        guard !good.isEmpty else { return [UInt8.random(in: 0...255, using: &random)] }
        var bytes = good
        if Int.random(in: 0..<4, using: &random) == 0 {
            bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            return bytes
        }
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let position = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes[position] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random)!
            // A run of ones: the largest lengths and counts.
            default: for index in position..<min(position + 8, bytes.count) { bytes[index] = 0xFF }
            }
        }
        return bytes
    }
}
