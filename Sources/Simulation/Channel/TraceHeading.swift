import SystemIO

/// The line of column names of a recorded trace.
///
/// Names that say another unit or another order than the format's are refused: numbers alone would not show it, and a
/// rate in Mbit/s would be a million times too small.
struct TraceHeading {
    /// Words of each column's name, in lower case. `rate (Mbit/s)` has rate, mbit and s; `bandwidthMbps` has
    /// bandwidthmbps, bandwidth and mbps.
    private let words: [Set<String>]
    private let names: [String]

    /// - Parameter names: of the columns, 2 or 3.
    init(_ names: [String]) {
        self.names = names
        words = names.map(Self.words)
    }

    /// What is wrong, to complete a sentence that starts with the line, and the remedy; `nil` for a sound heading.
    var fault: (message: String, remedy: String)? {
        guard words.count > 1 else { return nil }
        let order = "write the columns in the order time, rate up, rate down"
        if !words[0].isDisjoint(with: Self.rateWords) {
            return ("names \(quoted(0)) before the time", order)
        }
        if !words[0].isDisjoint(with: Self.otherTimes) {
            return (
                "names times in another unit than seconds, \(quoted(0))", "convert them to seconds, and name them so"
            )
        }
        for index in 1..<words.count
        where !words[index].isDisjoint(with: Self.otherRates) || Self.isBytes(names[index]) {
            return (
                "names rates in another unit than bit/s, \(quoted(index))", "convert them to bit/s, and name them so"
            )
        }
        if words.count == 3, !words[1].isDisjoint(with: Self.down) || !words[2].isDisjoint(with: Self.up) {
            return ("names \(quoted(1)) before \(quoted(2)), the downlink before the uplink", order)
        }
        return nil
    }

    private func quoted(_ index: Int) -> String { PlainText.quoted(names[index].filter { $0 != "\"" }) }

    private static func words(_ name: String) -> Set<String> {
        var words: Set<String> = []
        for part in name.split(whereSeparator: { !$0.isLetter }) {
            words.insert(part.lowercased())
            // Words that are told apart by capitals alone.
            var word = ""
            for character in part {
                if character.isUppercase, word.last?.isLowercase == true {
                    words.insert(word.lowercased())
                    word = ""
                }
                word.append(character)
            }
            words.insert(word.lowercased())
        }
        return words
    }

    /// `Bps` and `B/s`; in lower case both are bits.
    private static func isBytes(_ name: String) -> Bool {
        name.split(whereSeparator: { !$0.isLetter }).contains { $0 == "B" || $0.hasSuffix("Bps") }
    }

    private static let up: Set<String> = ["up", "uplink", "upload", "ul"]
    private static let down: Set<String> = ["down", "downlink", "download", "dl"]
    private static let otherTimes: Set<String> = [
        "ms", "msec", "millis", "millisecond", "milliseconds", "us", "usec", "micros", "microsecond", "microseconds",
        "ns", "nsec", "nanos", "nanosecond", "nanoseconds", "min", "minute", "minutes", "h", "hour", "hours",
    ]
    private static let otherRates: Set<String> = [
        "kbps", "mbps", "gbps", "kbit", "mbit", "gbit", "kbits", "mbits", "gbits", "kb", "mb", "gb", "kib", "mib",
        "gib", "kilobit", "kilobits", "megabit", "megabits", "gigabit", "gigabits", "byte", "bytes", "kbyte", "kbytes",
        "mbyte", "mbytes", "kilobytes", "megabytes", "packets",
    ]
    private static let rateWords = otherRates.union(up).union(down)
        .union(["bps", "bit", "bits", "rate", "bitrate", "bandwidth", "throughput"])
}
