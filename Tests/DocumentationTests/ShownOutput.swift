/// The output that a page shows of a command, against the one the command gave.
struct ShownOutput {
    enum Comparison: String, Sendable {
        case exact, shape
    }

    /// Stands for any number of lines.
    static let elision = "..."

    let shown: [String]

    /// Whether the page shows this output.
    func matches(_ actual: [String], by comparison: Comparison) -> Bool {
        let key = comparison == .exact ? { $0 } : Self.shape
        let segments = segments.map { $0.map(key) }
        var rest = actual.map(key)[...]
        guard let first = segments.first, let last = segments.last else { return actual.isEmpty }
        guard segments.count > 1 else { return Array(rest) == first }
        guard rest.starts(with: first), rest.count >= first.count + last.count else { return false }
        rest = rest.dropFirst(first.count)
        guard Array(rest.suffix(last.count)) == last else { return false }
        rest = rest.dropLast(last.count)
        for segment in segments.dropFirst().dropLast() {
            guard let place = Self.place(of: segment, in: rest) else { return false }
            rest = rest[(place + segment.count)...]
        }
        return true
    }

    /// What the page should show in its place: the whole output, or as many lines of it as it showed before and after
    /// each elision; `nil` where the lines between two elisions are nowhere in the output.
    func updated(to actual: [String]) -> [String]? {
        let segments = segments
        guard let first = segments.first, let last = segments.last, segments.count > 1 else { return actual }
        guard actual.count > first.count + last.count else { return actual }
        var lines = Array(actual.prefix(first.count)) + [Self.elision]
        var rest = actual.dropFirst(first.count).dropLast(last.count)
        for segment in segments.dropFirst().dropLast() {
            guard let place = Self.likeliestPlace(of: segment, in: rest) else { return nil }
            lines += rest[place..<(place + segment.count)] + [Self.elision]
            rest = rest[(place + segment.count)...]
        }
        return lines + actual.suffix(last.count)
    }

    /// Lines between elisions; one segment where there is none.
    private var segments: [[String]] {
        var segments: [[String]] = [[]]
        for line in shown {
            if line == Self.elision { segments.append([]) } else { segments[segments.count - 1].append(line) }
        }
        return segments
    }

    /// Where the lines begin of which the first resembles a segment's first most: the same shape; else the same first and last word;
    /// else the same first word, which is no number.
    private static func likeliestPlace(of segment: [String], in lines: ArraySlice<String>) -> Int? {
        guard let first = segment.first else { return nil }
        func words(_ line: String) -> [Substring] { shape(line).split(separator: " ") }
        let shown = words(first)
        let tests: [(String) -> Bool] = [
            { shape($0) == shape(first) },
            { words($0).first == shown.first && words($0).last == shown.last },
            { words($0).first == shown.first && shown.first != "#" },
        ]
        let fitting = lines.prefix(max(0, lines.count - segment.count + 1)).indices
        return tests.lazy.compactMap { test in fitting.first { test(lines[$0]) } }.first
    }

    private static func place(of segment: [String], in lines: ArraySlice<String>) -> Int? {
        lines.indices.first { lines[$0...].starts(with: segment) }
    }

    /// A line without its numbers, the prefixes of their units, and the width of its columns.
    static func shape(_ line: String) -> String {
        line
            .replacing(/-{2,}/, with: "-")
            .replacing(/[-+]?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?(?<unit> [pnuµμmkMGT]?(?:s|J|W|Hz|B|bit)\b)?/) {
                match in
                guard let unit = match.output.unit else { return "#" }
                let name = unit.dropFirst()
                return "# " + (["s", "J", "W", "Hz", "B", "bit"].first { name.hasSuffix($0) } ?? String(name))
            }
            .replacing(/[ ]+/, with: " ")
    }
}
