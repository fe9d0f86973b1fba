import ProbeKit
import SystemIO

/// What a meter program has said so far: its samples, what was refused, and why it says no more. A pure value.
struct MeterLines: Sendable {
    private(set) var header: MeterLine.Header?
    /// `nil` before the first sample.
    private(set) var series: PowerSeries?
    private(set) var refusedCount = 0
    /// When the last line came that said something.
    private(set) var heard: MonotonicInstant
    /// Why nothing more is taken from the program.
    private(set) var failure: KerfError?
    private var refusedInARow = 0
    private var lineCount = 0
    private var floodSecond: Int64 = 0
    private let name: String

    /// Lines in a row that are no samples, after which the program is given up.
    static let maximumRefusedInARow = 5
    /// Lines in a second: what reads them runs on the measured box.
    static let maximumLinesPerSecond = 2000

    init(of name: String, at start: MonotonicInstant) {
        self.name = name
        heard = start
    }

    mutating func fail(_ error: KerfError) { failure = failure ?? error }

    mutating func add(_ line: [UInt8], arrival: MonotonicInstant) {
        guard failure == nil else { return }
        checkFlood(arrival)
        do throws(KerfError) {
            try take(try MeterLine(line), arrival)
            refusedInARow = 0
        } catch {
            refusedCount += 1
            refusedInARow += 1
            guard refusedInARow >= Self.maximumRefusedInARow else { return }
            let shown = PlainText.quoted(String(decoding: line.prefix(200), as: UTF8.self), limit: 80)
            fail(
                KerfError(
                    .invalidReading,
                    "\(name) wrote \(refusedInARow) lines in a row that are no samples; the last \(error.message): \(shown)",
                    remedy: #"let it write lines such as {"time": 12.5, "watts": 21.4}"#))
        }
    }

    private mutating func take(_ line: MeterLine, _ arrival: MonotonicInstant) throws(KerfError) {
        switch line {
        case .header(let said):
            guard series == nil, header == nil else {
                throw KerfError(.invalidReading, "has neither watts nor joules")
            }
            (header, heard) = (said, arrival)
        case .sample(let sample):
            var series = self.series ?? PowerSeries(like: sample)
            guard series.fits(sample) else {
                throw KerfError(.invalidReading, "has other fields than the first sample")
            }
            let before = series.sampleCount
            series.add(sample, arrival: arrival)
            // A program that repeats its last sample says nothing.
            if series.sampleCount > before { heard = arrival }
            self.series = series
        }
    }

    private mutating func checkFlood(_ arrival: MonotonicInstant) {
        let second = arrival.nanoseconds / 1_000_000_000
        if second != floodSecond { (floodSecond, lineCount) = (second, 0) }
        lineCount += 1
        guard lineCount > Self.maximumLinesPerSecond else { return }
        fail(
            KerfError(
                .invalidReading,
                "\(name) writes more than \(Self.maximumLinesPerSecond) lines a second, which would disturb",
                remedy: "let it write fewer samples"))
    }
}
