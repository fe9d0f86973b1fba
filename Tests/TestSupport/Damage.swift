import Statistics

/// Random damage to good bytes.
package enum Damage {
    /// Flipped bits, odd bytes, runs of ones, and now and then a file that is cut off.
    ///
    /// - Parameter favored: half of the damage falls among so many bytes at the start.
    package static func bytes(
        _ good: [UInt8], favoring favored: Int, using random: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = good
        if Int.random(in: 0..<4, using: &random) == 0 {
            bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            return bytes
        }
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let limit = Bool.random(using: &random) ? favored : bytes.count
            let position = Int.random(in: 0..<limit, using: &random)
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

    /// JSON that stays JSON more often than not: values replaced by others, lines lost, doubled or exchanged.
    ///
    /// Works on the lines of a file that holds one value a line, as Kerf writes its files.
    package static func json(_ good: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        if Int.random(in: 0..<8, using: &random) == 0 { return bytes(good, favoring: good.count, using: &random) }
        var lines = good.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0..<lines.count, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: lines.remove(at: place)
            case 1: lines.insert(lines[place], at: place)
            case 2: lines.swapAt(place, Int.random(in: 0..<lines.count, using: &random))
            default: lines[place] = withOtherValue(lines[place], using: &random)
            }
            if lines.isEmpty { break }
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    private static let values = [
        "0", "-1", "1", "-0.0", "1e-300", "1e100", "1e308", "1e309", "9223372036854775807", "-9223372036854775808",
        "18446744073709551616", "0.1", "null", "true", "\"\"", "\"x\"", "\"measured\"", "\"\\u0000\\n\"", "[]", "{}",
        "[1, 2]", "NaN", "2", "3.5", "1000000",
    ]

    private static func withOtherValue(_ line: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        let text = String(decoding: line, as: UTF8.self)
        let value = values.randomElement(using: &random)!
        let comma = text.hasSuffix(",") ? "," : ""
        guard let colon = text.firstRange(of: " : ") else {
            // An element of an array, or a bracket.
            return Array((text.prefix { $0 == " " } + value + comma).utf8)
        }
        return Array((text[..<colon.upperBound] + value + comma).utf8)
    }
}
