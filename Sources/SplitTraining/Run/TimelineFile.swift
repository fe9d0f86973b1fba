import CARD
import Instrumentation
import SystemIO

/// One line of `timeline.csv`: an interval of one side, or a transfer. Times are the device's.
package struct TimelineEntry: Sendable, Hashable {
    package enum Subject: Sendable, Hashable {
        case device(Activity)
        case server(Activity)
        case transfer(LinkDirection, ObservedTransfer.Content)
    }

    package var subject: Subject
    /// The turn's number in the whole training, from 1.
    package var turn: Int
    /// From 1, as the file counts; nil outside of steps.
    package var step: Int?
    /// Since the start of the device's process. What the server did before may be below zero.
    package var startSeconds: Double
    package var endSeconds: Double
    /// Nil without a meter, and for transfers.
    package var joules: Double?
    /// Size of a transfer.
    package var bytes: Int?
}

extension Timeline {
    /// The entries of a file that ``lines(of:since:)`` made, in its order.
    ///
    /// - Throws: ``KerfError/Code/malformed`` with the number of the line.
    package static func entries(_ bytes: [UInt8], named name: String) throws(KerfError) -> [TimelineEntry] {
        let text = try TextBytes.utf8(bytes, file: name, remedy: remedy)
        var entries: [TimelineEntry] = []
        var number = 0
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if number == 1 {
                guard line.elementsEqual(header.utf8) else {
                    try ForeignContent.check(bytes, file: name)
                    throw KerfError(
                        .malformed, at: name, "not a timeline: its first line is not \(header)", remedy: remedy)
                }
            } else if !line.isEmpty {
                guard let entry = entry(line) else {
                    throw KerfError(
                        .malformed, at: name,
                        "line \(number) is not possible: \(PlainText.quoted(String(decoding: line, as: UTF8.self)))",
                        remedy: remedy)
                }
                entries.append(entry)
            }
        }
        return entries
    }

    private static let remedy: Remedy = "train again and let it write the timeline"
    /// Longer times are no times of a training.
    private static let maximumSeconds = 1e8

    private static func entry(_ line: ArraySlice<UInt8>) -> TimelineEntry? {
        let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count == 8, let subject = subject(fields[0], fields[3]), let turn = Int(fields[1]), turn > 0,
            let start = Double(fields[4]), let end = Double(fields[5]),
            abs(start) < maximumSeconds, abs(end) < maximumSeconds, start <= end
        else { return nil }
        var entry = TimelineEntry(subject: subject, turn: turn, startSeconds: start, endSeconds: end)
        if !fields[2].isEmpty {
            guard let step = Int(fields[2]), step > 0 else { return nil }
            entry.step = step
        }
        if !fields[6].isEmpty {
            guard let joules = Double(fields[6]), joules.isFinite else { return nil }
            entry.joules = joules
        }
        if !fields[7].isEmpty {
            guard let bytes = Int(fields[7]), bytes >= 0 else { return nil }
            entry.bytes = bytes
        }
        return entry
    }

    private static func subject(_ side: String, _ what: String) -> TimelineEntry.Subject? {
        switch side {
        case "device": return Activity(rawValue: what).map { .device($0) }
        case "server": return Activity(rawValue: what).map { .server($0) }
        case "link":
            let words = what.split(separator: " ").map(String.init)
            guard words.count == 2, let direction = LinkDirection(rawValue: words[0]),
                let content = ObservedTransfer.Content(rawValue: words[1])
            else { return nil }
            return .transfer(direction, content)
        default: return nil
        }
    }
}
