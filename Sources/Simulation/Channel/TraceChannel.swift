import CARD
import SystemIO

/// A recorded trace of rates, repeated without end. Every device starts at a random position.
package struct TraceChannel: Codable, Sendable, Hashable {
    /// Path of the CSV file, relative to the scenario's folder.
    package var file: String
    /// Time between two rounds of one device.
    package var roundSeconds: Double
}

/// The samples of a trace; each rate holds until the next sample.
package struct Trace: Sendable, Hashable {
    package private(set) var timesSeconds: [Double] = []
    package private(set) var uplinkBitsPerSecond: [Double] = []
    package private(set) var downlinkBitsPerSecond: [Double] = []

    /// Reads CSV: ascending times in seconds, and one rate for both directions or one up and one down, in bit/s. A
    /// first line without numbers is a heading.
    ///
    /// - Throws: ``KerfError/Code/incomplete`` with file and line.
    package init(csv text: String, named name: String) throws(KerfError) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map {
                Double(String($0.filter { $0 != " " }))
            }
            if index == 0, cells.allSatisfy({ $0 == nil }) { continue }
            let numbers = cells.compactMap { $0 }
            guard numbers.count == cells.count, (2...3).contains(numbers.count), numbers.allSatisfy(\.isFinite),
                numbers.dropFirst().allSatisfy({ $0 > 0 }), timesSeconds.last.map({ $0 < numbers[0] }) ?? true
            else {
                throw KerfError(
                    .incomplete,
                    "\(PlainText.shown(name)): line \(index + 1) is not an ascending time and one or two positive rates"
                )
            }
            timesSeconds.append(numbers[0])
            uplinkBitsPerSecond.append(numbers[1])
            downlinkBitsPerSecond.append(numbers[numbers.count - 1])
        }
        guard timesSeconds.count >= 2 else {
            throw KerfError(.incomplete, "\(PlainText.shown(name)): a trace needs at least two samples")
        }
    }

    private var duration: Double { timesSeconds[timesSeconds.count - 1] - timesSeconds[0] }

    /// The sample at a time from the start; after the last one the trace repeats.
    func index(at seconds: Double) -> Int {
        let time = timesSeconds[0] + seconds - (seconds / duration).rounded(.down) * duration
        var (low, high) = (0, timesSeconds.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if timesSeconds[middle] <= time { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// A start position in seconds, from a number in 0..<1.
    func offset(_ share: Double) -> Double { share * duration }
}
