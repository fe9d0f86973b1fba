import CARD
import SystemIO

/// Reads the CSV of a recorded trace, line by line.
///
/// Recorded traces of mobile links have outages, of rate 0, and several samples in one second where the logger's clock is
/// coarser than its interval. Both are kept: an outage as a rate of 0, and samples of one time as the mean of their rates,
/// which leaves the data that the time carried as it was.
struct TraceReader {
    private(set) var timesSeconds: [Double] = []
    /// Sums over the samples of a time, in bit/s: up, down.
    private var sums: [(up: Double, down: Double)] = []
    private var counts: [Int] = []
    /// Columns of every line: 2 or 3.
    private var columns: Int?
    /// Safe to show.
    private let name: String

    var uplinkBitsPerSecond: [Double] { zip(sums, counts).map { $0.up / Double($1) } }
    var downlinkBitsPerSecond: [Double] { zip(sums, counts).map { $0.down / Double($1) } }
    var sampleCount: Int { counts.reduce(0, +) }

    /// - Throws: ``KerfError/Code/incomplete`` with file and line.
    init(_ bytes: [UInt8], named name: String) throws(KerfError) {
        self.name = PlainText.shown(name)
        if let foreign = ForeignContent(bytes) {
            throw KerfError(.incomplete, "\(self.name): \(foreign.message)", remedy: foreign.remedy)
        }
        let lines = try decodedLines(bytes)
        var mayBeHeading = true
        for (index, line) in lines.enumerated() {
            let text = Self.trimmed(line)
            if text.isEmpty || (timesSeconds.isEmpty && text.hasPrefix("#")) { continue }
            let cells = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
            defer { mayBeHeading = false }
            if mayBeHeading, (2...3).contains(cells.count), cells.allSatisfy(Self.isName) {
                if let fault = TraceHeading(cells).fault { throw refusal(index, fault.message, fault.remedy) }
                columns = cells.count
                continue
            }
            let numbers = cells.compactMap(Self.number)
            guard numbers.count == cells.count, (2...3).contains(cells.count) else {
                throw refusal(
                    index, "is \(PlainText.quoted(text)), not a time and one or two rates",
                    "write seconds and bit/s as plain numbers; one line of column names may stand before them")
            }
            guard cells.count == columns ?? cells.count else {
                throw refusal(
                    index, "has \(cells.count) columns, but the line before it \(columns ?? 0)",
                    "give every line a time and one rate, or a time and two rates")
            }
            columns = cells.count
            try append(numbers[0], up: numbers[1], down: numbers[numbers.count - 1], line: index)
        }
    }

    private mutating func append(_ time: Double, up: Double, down: Double, line: Int) throws(KerfError) {
        guard abs(time) <= 1e15 else {
            throw refusal(line, "has a time of \(time) s", "write times in seconds")
        }
        for rate in [up, down] where rate != 0 {
            guard rate > 0 else {
                throw refusal(line, "has a negative rate", "leave the line out, or write 0 for an outage")
            }
            guard rate >= 1, rate <= 1e15 else {
                throw refusal(
                    line, "has a rate of \(rate) bit/s", "write rates in bit/s, from 1 to 1e15, or 0 for an outage")
            }
        }
        if let last = timesSeconds.last, time <= last {
            guard time == last else {
                throw refusal(line, "goes back in time, from \(last) s to \(time) s", "sort the lines by their times")
            }
            let place = sums.count - 1
            sums[place] = (up: sums[place].up + up, down: sums[place].down + down)
            counts[place] += 1
            return
        }
        timesSeconds.append(time)
        sums.append((up: up, down: down))
        counts.append(1)
    }

    // MARK: - Text

    private func decodedLines(_ bytes: [UInt8]) throws(KerfError) -> [Substring] {
        guard let bytes = TextBytes.utf8(bytes) else {
            throw KerfError(.incomplete, "\(name): has the mark of UTF-16, but is not UTF-16")
        }
        if let offset = bytes.firstIndex(of: 0) {
            throw refusal(
                TextBytes.line(of: offset, in: bytes) - 1, "holds a byte of zero",
                "record the file again, or save it as UTF-8")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
            throw refusal(line, "is not UTF-8", "save the file as UTF-8")
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    private func refusal(_ line: Int, _ message: String, _ remedy: String) -> KerfError {
        KerfError(.incomplete, "\(name): line \(line + 1) \(message)", remedy: .text(remedy))
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// A plain decimal number: what `Double` also reads, such as `0x10` or `inf`, is no number of a trace.
    private static func number(_ text: String) -> Double? {
        guard text.allSatisfy({ "0123456789.+-eE".contains($0) }), let value = Double(text), value.isFinite else {
            return nil
        }
        return value
    }

    /// Whether a cell can be a column's name rather than a damaged number or a missing value: a letter first, more
    /// letters than digits, and no number once letters that look like digits are taken for them.
    private static func isName(_ text: String) -> Bool {
        let name = text.filter { $0 != "\"" }
        guard let first = name.first, first.isLetter || first == "_" else { return false }
        guard !["nan", "inf", "infinity", "null", "none", "na", "n/a"].contains(name.lowercased()) else { return false }
        let lookalikes: [Character: Character] = ["O": "0", "o": "0", "l": "1", "I": "1", "S": "5", "B": "8"]
        guard number(String(name.map { lookalikes[$0] ?? $0 })) == nil else { return false }
        return name.count(where: \.isLetter) > name.count(where: \.isNumber)
    }
}
