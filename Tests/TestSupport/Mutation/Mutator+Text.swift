import Statistics

extension Mutator {
    private static let lineFeed = UInt8(ascii: "\n")

    /// JSON with one value a line, as Kerf writes its files: most results are JSON still.
    ///
    /// Any bytes, changes of whole lines, or mutations within one value.
    package func json(_ good: [UInt8], maximum: Int = .max, using random: inout SeededGenerator) -> [UInt8] {
        lines(good, maximum: maximum, using: &random, replacing: Self.withOtherValue)
    }

    /// Comma-separated values: lines and cells change, and the table mostly remains one.
    package func csv(_ good: [UInt8], maximum: Int = .max, using random: inout SeededGenerator) -> [UInt8] {
        lines(good, maximum: maximum, using: &random, replacing: Self.withOtherCell)
    }

    private func lines(
        _ good: [UInt8], maximum: Int, using random: inout SeededGenerator,
        replacing: ([UInt8], inout SeededGenerator) -> [UInt8]
    ) -> [UInt8] {
        let choice = Int.random(in: 0..<8, using: &random)
        guard choice > 0, !good.isEmpty else { return plain(good, maximum, &random) }
        var lines = good.split(separator: Self.lineFeed, omittingEmptySubsequences: false).map(Array.init)
        if choice <= 5 {
            for _ in 0..<Int.random(in: 1...3, using: &random) where !lines.isEmpty {
                Self.changeLine(of: &lines, using: &random, replacing: replacing)
            }
        } else {
            let place = Int.random(in: lines.indices, using: &random)
            lines[place] = mutatingValue(lines[place], using: &random)
        }
        let result = Array(lines.joined(separator: [Self.lineFeed]))
        // A file that is cut off would only be refused.
        return result.count <= maximum ? result : plain(good, maximum, &random)
    }

    /// Removes, repeats or exchanges a line, or replaces its value.
    private static func changeLine(
        of lines: inout [[UInt8]], using random: inout SeededGenerator,
        replacing: ([UInt8], inout SeededGenerator) -> [UInt8]
    ) {
        let place = Int.random(in: lines.indices, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: lines.remove(at: place)
        case 1: lines.insert(lines[place], at: place)
        case 2: lines.swapAt(place, Int.random(in: lines.indices, using: &random))
        default: lines[place] = replacing(lines[place], &random)
        }
    }

    /// Mutates what follows a line's colon, or the whole line without its indentation.
    private func mutatingValue(_ line: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        let start = Self.valueStart(line)
        let end = line.last == UInt8(ascii: ",") ? line.count - 1 : line.count
        guard start < end else { return line }
        return line[..<start] + plain(Array(line[start..<end]), end - start + 16, &random) + line[end...]
    }

    private static func valueStart(_ line: [UInt8]) -> Int {
        if let colon = line.firstRange(of: Array(" : ".utf8)) { return colon.upperBound }
        if let colon = line.firstRange(of: Array("\": ".utf8)) { return colon.upperBound }
        return line.firstIndex { $0 != UInt8(ascii: " ") } ?? line.count
    }

    private static let values = [
        "0", "-1", "1", "-0.0", "1e-300", "1e100", "1e308", "1e309", "9223372036854775807", "-9223372036854775808",
        "18446744073709551616", "0.1", "null", "true", "\"\"", "\"x\"", "\"measured\"", "\"\\u0000\\n\"", "[]", "{}",
        "[1, 2]", "NaN", "2", "3.5", "1000000",
    ]

    private static func withOtherValue(_ line: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        let comma = line.last == UInt8(ascii: ",") ? "," : ""
        return line[..<valueStart(line)] + Array((values.randomElement(using: &random)! + comma).utf8)
    }

    private static func withOtherCell(_ line: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var cells = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(Array.init)
        cells[Int.random(in: cells.indices, using: &random)] = Array(values.randomElement(using: &random)!.utf8)
        return Array(cells.joined(separator: [UInt8(ascii: ",")]))
    }
}
