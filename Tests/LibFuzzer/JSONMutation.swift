import FoundationEssentials
import Statistics
import TestSupport

/// Mutations of Kerf's own files, and the words in them.
enum JSONMutation {
    private static let lineFeed = UInt8(ascii: "\n")

    /// Any bytes, damage to whole lines, or libFuzzer's mutations within one value, so that most results are JSON still.
    static func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        let result: [UInt8]
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return Plain.mutated(bytes, maximum: maximum)
        case 1...4 where !bytes.isEmpty: result = Damage.json(bytes, using: &random)
        default: result = withMutatedValue(bytes, using: &random)
        }
        // Cut off, it would only be refused.
        return result.count <= maximum ? result : Plain.mutated(bytes, maximum: maximum)
    }

    private static func withMutatedValue(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var lines = bytes.split(separator: lineFeed, omittingEmptySubsequences: false)
        guard let place = lines.indices.randomElement(using: &random) else { return bytes }
        let line = lines[place]
        let colon = line.firstRange(of: Array(" : ".utf8))?.upperBound
        let start = colon ?? line.firstIndex { $0 != UInt8(ascii: " ") } ?? line.startIndex
        let end = line.last == UInt8(ascii: ",") ? line.endIndex - 1 : line.endIndex
        guard start < end else { return bytes }
        lines[place] = line[..<start] + Plain.mutated(line[start..<end], maximum: end - start + 16) + line[end...]
        return Array(lines.joined(separator: [lineFeed]))
    }

    /// All names and fixed values of a schema of ours, in quotation marks as they stand in a file.
    static func words(ofSchema name: String) throws -> Set<String> {
        let file = URL(filePath: #filePath).appending(path: "../../../Profiles/schema/\(name).schema.json").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let words = text.split(separator: "\"").filter { word in
            word.utf8.allSatisfy {
                $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
            }
        }
        return Set(
            words.map { "\"\($0)\"" } + ["null", "1e308", "-1e308", "5e-324", "9223372036854775807", "[]", "{}"])
    }
}
