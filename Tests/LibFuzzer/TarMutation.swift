import Statistics

/// Mutations of ustar archives: fields and members, after which the checksums mostly fit again. Guesses alone would not
/// get past them.
enum TarMutation {
    private static let block = 512
    private static let checksum = 148..<156
    /// Name, mode, size, type, target, magic with version, prefix. Source: POSIX, ustar interchange format.
    private static let fields = [0..<100, 100..<108, 124..<136, 156..<157, 157..<257, 257..<265, 345..<500]

    static func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        var result = bytes
        let starts = headers(bytes)
        switch Int.random(in: 0..<8, using: &random) {
        case 0...3:
            guard let start = starts.randomElement(using: &random) else { break }
            mutateField(of: &result, at: start, using: &random)
        case 4:
            // A member again, before another.
            guard let from = starts.randomElement(using: &random), let to = starts.randomElement(using: &random) else {
                break
            }
            let end = starts.first { $0 > from } ?? from + block
            if bytes.count + end - from <= maximum { result.insert(contentsOf: bytes[from..<end], at: to) }
        case 5:
            guard let from = starts.randomElement(using: &random) else { break }
            result.removeSubrange(from..<(starts.first { $0 > from } ?? from + block))
        default: break
        }
        if result == bytes { result = Plain.mutated(bytes, maximum: maximum) }
        if Int.random(in: 0..<16, using: &random) > 0 {
            for start in headers(result) { seal(&result, at: start) }
        }
        return result
    }

    /// Where the headers start, in order.
    private static func headers(_ bytes: [UInt8]) -> [Int] {
        stride(from: 0, through: bytes.count - block, by: block).filter {
            bytes[($0 + 257)..<($0 + 262)].elementsEqual("ustar".utf8)
        }
    }

    private static func mutateField(of bytes: inout [UInt8], at start: Int, using random: inout SeededGenerator) {
        guard let field = fields.randomElement(using: &random) else { return }
        let range = (start + field.lowerBound)..<(start + field.upperBound)
        // What is behind the text's end would be mutated for nothing.
        let text = bytes[range].prefix { $0 != 0 }
        let mutated = Plain.mutated(text.isEmpty ? bytes[range].prefix(1) : text, maximum: field.count)
        bytes.replaceSubrange(range, with: mutated + [UInt8](repeating: 0, count: field.count - mutated.count))
    }

    private static func seal(_ bytes: inout [UInt8], at start: Int) {
        bytes.replaceSubrange((start + checksum.lowerBound)..<(start + checksum.upperBound), with: "        ".utf8)
        let sum = String(bytes[start..<(start + block)].reduce(0) { $0 + Int($1) }, radix: 8)
        let text = String(repeating: "0", count: 6 - sum.count) + sum + "\0 "
        bytes.replaceSubrange((start + checksum.lowerBound)..<(start + checksum.upperBound), with: text.utf8)
    }
}
