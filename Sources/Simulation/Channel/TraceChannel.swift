import CARD
import SystemIO
import SystemPackage

/// A recorded trace of rates, repeated without end. Every device starts at a random position.
package struct TraceChannel: Codable, Sendable, Hashable {
    /// Path of the CSV file, relative to the scenario's folder.
    package var file: String
    /// Time between two rounds of one device.
    package var roundSeconds: Double
}

/// The samples of a trace; each rate holds until the next sample.
///
/// A rate of 0 is an outage of its direction: nothing is sent. A round that falls into an outage of either direction
/// waits for the next sample in which both have a rate. Samples of one time count as one, with the mean of their rates.
package struct Trace: Sendable, Hashable {
    package let timesSeconds: [Double]
    /// In bit/s; 0 in an outage.
    package let uplinkBitsPerSecond: [Double]
    package let downlinkBitsPerSecond: [Double]
    /// What was done with samples of one time and with outages, with their counts, one sentence each.
    package let notes: [String]
    package let hasOutages: Bool
    /// For each sample the one in which a round that starts in it is sent: itself, or the next without an outage, which
    /// may be before it, as the trace repeats.
    private let sentIn: [Int]

    /// Reads CSV: ascending times in seconds, and one rate for both directions or one up and one down, in bit/s. One
    /// line of column names may stand first, after lines that start with `#`.
    ///
    /// - Parameter bytes: UTF-8, or UTF-16 with a byte-order mark.
    /// - Throws: ``KerfError/Code/incomplete`` with file and line.
    package init(csv bytes: [UInt8], named name: String) throws(KerfError) {
        let samples = try TraceReader(bytes, named: name)
        let shown = PlainText.shown(name)
        (timesSeconds, uplinkBitsPerSecond, downlinkBitsPerSecond) = (
            samples.timesSeconds, samples.uplinkBitsPerSecond, samples.downlinkBitsPerSecond
        )
        guard let first = timesSeconds.first, let last = timesSeconds.last, last - first >= 1e-3 else {
            throw KerfError(
                .incomplete, "\(shown): a trace needs samples of two times, a millisecond apart or more",
                remedy: "write one sample a line: a time in seconds, and one or two rates in bit/s")
        }
        // Below what any link that trains has, but not unusual in Mbit/s.
        let highest = max(uplinkBitsPerSecond.max() ?? 0, downlinkBitsPerSecond.max() ?? 0)
        guard highest == 0 || highest >= 1000 else {
            throw KerfError(
                .incomplete, "\(shown): the highest rate is \(highest) bit/s, below 1 kbit/s",
                remedy: "write rates in bit/s: 20 Mbit/s is 20000000")
        }
        // The last sample only says when the one before it ends.
        let isSent = zip(uplinkBitsPerSecond, downlinkBitsPerSecond).map { $0 > 0 && $1 > 0 }
        guard let firstSent = isSent.dropLast().firstIndex(of: true) else {
            throw KerfError(
                .incomplete, "\(shown): no sample before the last has a rate above 0 in both directions",
                remedy: "record the trace where the link works")
        }
        var sentIn = Array(isSent.indices)
        var next = firstSent
        for index in isSent.indices.dropLast().reversed() {
            if isSent[index] { next = index }
            sentIn[index] = next
        }
        if isSent.last == false { sentIn[isSent.count - 1] = firstSent }
        self.sentIn = sentIn
        hasOutages = isSent.contains(false)
        // Without the folder, so that a result does not depend on where its scenario lies.
        notes = Self.notes(PlainText.shown(FilePath(name).lastComponent?.string ?? name), samples, isSent)
    }

    /// - Parameter text: the CSV.
    package init(csv text: String, named name: String) throws(KerfError) {
        try self.init(csv: Array(text.utf8), named: name)
    }

    private var duration: Double { timesSeconds[timesSeconds.count - 1] - timesSeconds[0] }

    /// A time within the trace for one from its start; after the last sample the trace repeats.
    private func time(at seconds: Double) -> Double {
        timesSeconds[0] + seconds - (seconds / duration).rounded(.down) * duration
    }

    /// The sample at a time from the start.
    func index(at seconds: Double) -> Int {
        let time = time(at: seconds)
        var (low, high) = (0, timesSeconds.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if timesSeconds[middle] <= time { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The sample in which a round that starts at a time is sent, and how long it waits for it.
    func sending(at seconds: Double) -> (index: Int, waitSeconds: Double) {
        let start = index(at: seconds)
        let index = sentIn[start]
        guard index != start else { return (index, 0) }
        let wait = timesSeconds[index] - time(at: seconds)
        return (index, min(wait >= 0 ? wait : wait + duration, duration))
    }

    /// A start position in seconds, from a number in 0..<1.
    func offset(_ share: Double) -> Double { share * duration }

    private static func notes(_ name: String, _ samples: TraceReader, _ isSent: [Bool]) -> [String] {
        var notes: [String] = []
        let times = samples.timesSeconds
        if samples.sampleCount > times.count {
            notes.append(
                "Trace \(name): \(samples.sampleCount) samples have \(times.count) times; the rates of one time are "
                    + "averaged.")
        }
        let outages = isSent.indices.filter { !isSent[$0] }
        if !outages.isEmpty {
            let seconds = outages.reduce(0) { $0 + (times[min($1 + 1, times.count - 1)] - times[$1]) }
            let percent = (seconds / (times[times.count - 1] - times[0]) * 1000).rounded() / 10
            notes.append(
                "Trace \(name): \(outages.count) of \(times.count) times are outages (a rate of 0), \(percent) % of its "
                    + "length; nothing is sent in them, and a round that starts in one waits for its end, which counts "
                    + "as delay.")
        }
        return notes
    }
}
