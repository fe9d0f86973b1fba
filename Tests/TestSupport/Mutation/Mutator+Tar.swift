import Statistics

extension Mutator {
    private static let block = 512
    // Places in a header. Source: POSIX, ustar interchange format.
    private static let (name, size, checksum, type, target) = (0..<100, 124..<136, 148..<156, 156, 157..<257)
    /// Name, mode, size, type, target, magic with version, prefix.
    private static let fields = [name, 100..<108, size, type..<(type + 1), target, 257..<265, 345..<500]

    /// Names and targets that lead elsewhere.
    private static let lures = [
        "../../../../etc/passwd", "/etc/passwd", "sys/../../out", "..", ".", "", "sys/class", "sys", "proc/self/root",
        "../..", "a/../../../b", "sys/class/hwmon/hwmon0", "kerf/../..",
    ]

    /// A ustar archive with changed members, whose checksums are mostly made to fit, so that what follows the check is
    /// reached.
    package func tar(_ good: [UInt8], maximum: Int = .max, using random: inout SeededGenerator) -> [UInt8] {
        var result = good
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard let start = Self.headers(result).randomElement(using: &random) else { break }
            changeMember(of: &result, at: start, maximum: maximum, using: &random)
        }
        if result == good { result = plain(good, maximum, &random) }
        if Int.random(in: 0..<16, using: &random) > 0 {
            for start in Self.headers(result) { Self.seal(&result, at: start) }
        }
        if Int.random(in: 0..<16, using: &random) == 0 {
            result.removeLast(min(result.count, Int.random(in: 1...2 * Self.block, using: &random)))
        }
        return Array(result.prefix(maximum))
    }

    private func changeMember(
        of bytes: inout [UInt8], at start: Int, maximum: Int, using random: inout SeededGenerator
    ) {
        let lure = Self.lures.randomElement(using: &random)!
        switch Int.random(in: 0..<12, using: &random) {
        case 0...3: mutateField(of: &bytes, at: start, using: &random)
        case 4: Self.put(lure, Self.name, &bytes, start)
        case 5:
            bytes[start + Self.type] = UInt8(ascii: "2")
            Self.put(lure, Self.target, &bytes, start)
            Self.put("00000000000", Self.size, &bytes, start)
        case 6: bytes[start + Self.type] = "0125LKx".utf8.randomElement(using: &random)!
        case 7:
            let sizes = ["77777777777", "00000000001", "00000010000", "x"]
            Self.put(sizes.randomElement(using: &random)!, Self.size, &bytes, start)
        case 8: Self.makeExtendedHeader(lure, isLink: Bool.random(using: &random), &bytes, start)
        case 9:
            // A member again, before another.
            let headers = Self.headers(bytes)
            let end = headers.first { $0 > start } ?? start + Self.block
            let place = headers.randomElement(using: &random) ?? start
            if bytes.count <= maximum - (end - start) { bytes.insert(contentsOf: bytes[start..<end], at: place) }
        case 10: bytes.removeSubrange(start..<(Self.headers(bytes).first { $0 > start } ?? start + Self.block))
        default: bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
    }

    private func mutateField(of bytes: inout [UInt8], at start: Int, using random: inout SeededGenerator) {
        guard let field = Self.fields.randomElement(using: &random) else { return }
        let range = (start + field.lowerBound)..<(start + field.upperBound)
        // Bytes behind the text's end have no effect.
        let text = bytes[range].prefix { $0 != 0 }
        let mutated = plain(Array(text.isEmpty ? bytes[range].prefix(1) : text), field.count, &random)
        bytes.replaceSubrange(range, with: mutated + [UInt8](repeating: 0, count: field.count - mutated.count))
    }

    /// A header for a record of path or link target. Source: POSIX, pax interchange format.
    private static func makeExtendedHeader(_ lure: String, isLink: Bool, _ bytes: inout [UInt8], _ start: Int) {
        let text = (isLink ? " linkpath=" : " path=") + lure + "\n"
        var record = "\(text.utf8.count + 2)" + text
        if record.utf8.count != text.utf8.count + 2 { record = "\(text.utf8.count + 1)" + text }
        bytes[start + type] = UInt8(ascii: "x")
        let digits = String(record.utf8.count, radix: 8)
        put(String(repeating: "0", count: 11 - digits.count) + digits, size, &bytes, start)
        guard bytes.count >= start + 2 * block else { return }
        put(record, block..<(2 * block), &bytes, start)
    }

    /// Where the headers start, in order.
    private static func headers(_ bytes: [UInt8]) -> [Int] {
        stride(from: 0, through: bytes.count - block, by: block).filter {
            bytes[($0 + 257)..<($0 + 262)].elementsEqual("ustar".utf8)
        }
    }

    private static func put(_ text: String, _ field: Range<Int>, _ bytes: inout [UInt8], _ start: Int) {
        let padding = [UInt8](repeating: 0, count: field.count - text.utf8.count)
        bytes.replaceSubrange((start + field.lowerBound)..<(start + field.upperBound), with: Array(text.utf8) + padding)
    }

    /// Makes the checksum of the header at a place fit.
    package static func seal(_ bytes: inout [UInt8], at start: Int) {
        put("        ", checksum, &bytes, start)
        let sum = String(bytes[start..<(start + block)].reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", checksum, &bytes, start)
    }
}
