import FoundationEssentials
import SystemIO

/// Measured update intervals of an energy counter, from a CSV file with one interval in milliseconds per row.
package struct UpdateIntervalFile: Sendable {
    package var name: String
    package var column: String
    /// In seconds, in the file's order, all positive.
    package var intervalsSeconds: [Double]
    /// Rows whose interval is empty or zero.
    package var skippedRows: Int

    /// Limits of what a counter can have.
    private static let maximumMilliseconds = 1e6
    private static let minimumMeanSeconds = 1e-6
    private static let limit = 256 << 20

    /// - Throws: ``KerfError`` for a file that cannot be read, without the column (the ones it has are named), with
    ///   a row that holds no number, or a negative or impossible one (the row is named), or with fewer than two
    ///   intervals.
    package init(path: String, column: String) throws(KerfError) {
        let bytes = try FileBytes.read(path, limit: Self.limit)
        try ForeignContent.check(bytes, file: path)
        let text = try TextBytes.utf8(bytes, file: path)
        try self.init(text: String(decoding: text, as: UTF8.self), name: path, column: column)
    }

    package init(text: String, name: String, column: String) throws(KerfError) {
        self.name = name
        self.column = column
        // Line ends of any system; a byte-order mark is not part of the first column's name.
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard !text.allSatisfy(\.isWhitespace) else {
            throw KerfError(
                .unusableData, at: name, "the file is empty", remedy: "give a file with measured intervals")
        }
        let separator = Self.separator(of: lines.first ?? "")
        let header = Self.fields(lines.first ?? "", separator)
        guard let place = header.firstIndex(of: column) else {
            let known = header.map { PlainText.shown($0, limit: 40) }.joined(separator: ", ")
            throw KerfError(
                .malformed, at: name, "no column \(PlainText.quoted(column)); its first line has: \(known)",
                remedy: .nameColumn)
        }
        intervalsSeconds = []
        intervalsSeconds.reserveCapacity(lines.count)
        skippedRows = 0
        for (index, line) in lines.enumerated().dropFirst() where !line.allSatisfy(\.isWhitespace) {
            let fields = Self.fields(line, separator)
            guard fields.dropFirst(header.count).allSatisfy(\.isEmpty) else {
                throw KerfError(
                    .malformed, at: name,
                    "line \(index + 1): \(fields.count) fields, the first line has \(header.count)",
                    remedy: "give a file with as many fields in every row, and decimal points in its numbers")
            }
            let field = place < fields.count ? fields[place] : ""
            guard !field.isEmpty else {
                skippedRows += 1
                continue
            }
            guard let milliseconds = Double(field), milliseconds >= 0, milliseconds <= Self.maximumMilliseconds else {
                throw KerfError(
                    .malformed, at: name,
                    "line \(index + 1), column \(column): \(PlainText.quoted(field)) is not an interval in milliseconds",
                    remedy: "give a column of intervals of 0 to \(Self.maximumMilliseconds) ms, with decimal points")
            }
            if milliseconds == 0 { skippedRows += 1 } else { intervalsSeconds.append(milliseconds * 1e-3) }
        }
        guard intervalsSeconds.count >= 2 else {
            throw KerfError(
                .unusableData, at: name, "\(intervalsSeconds.count) intervals in column \(column), two are needed",
                remedy: "give a file with measured intervals")
        }
        let mean = intervalsSeconds.reduce(0, +) / Double(intervalsSeconds.count)
        guard mean >= Self.minimumMeanSeconds else {
            throw KerfError(
                .unusableData, at: name, "the intervals in column \(column) are of \(mean * 1e3) ms on average",
                remedy: "give them in milliseconds; no counter is updated more often than every microsecond")
        }
    }

    /// What separates the fields: of tab, semicolon and comma the first that the header holds.
    private static func separator(of header: Substring) -> Character {
        ["\t", ";"].first(where: header.contains) ?? ","
    }

    /// The line's fields, without white space and quotation marks around them. A separator within quotation marks is part
    /// of its field (RFC 4180).
    private static func fields(_ line: Substring, _ separator: Character) -> [String] {
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        for character in line {
            switch character {
            case "\"": isQuoted.toggle()
            case separator where !isQuoted:
                fields.append(field.trimmed)
                field = ""
            default: field.append(character)
            }
        }
        return fields + [field.trimmed]
    }
}

extension String {
    fileprivate var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
