import SystemIO

/// The events of one test that `iperf3 --json-stream` writes, one a line, put together as `--json` would have it.
///
/// Source: iperf3(1), 3.17 and later: `start`, an `interval` each second, `end`; `error` where the test failed. With
/// `--json-stream-full-output` the whole test follows once more, without the name of an event.
struct Iperf3Stream {
    private struct Event<Content: Decodable>: Decodable { var data: Content }

    private let file: Iperf3File
    private var start: Iperf3Report.Start?
    private var intervals: [Iperf3Report.Interval] = []
    private var end: Iperf3Report.End?
    private var error: String?

    /// - Parameter parts: the places of the events in the file.
    /// - Throws: ``KerfError/Code/incomplete`` for a second test, or an event whose fields are not iperf3's.
    init(_ file: Iperf3File, _ parts: [Range<Int>]) throws(KerfError) {
        self.file = file
        for part in parts {
            switch file.event(part) ?? "" {
            case "start":
                guard start == nil else {
                    throw file.refusal(
                        "holds two tests, the second from line \(file.line(of: part.lowerBound)) on",
                        remedy: "give one file for each run; iperf3 --logfile adds to a file that exists")
                }
                start = try content(Iperf3Report.Start.self, part)
            case "interval", "end":
                guard end == nil else {
                    throw file.refusal(
                        "line \(file.line(of: part.lowerBound)) follows the event \"end\" of the test",
                        remedy: "give one file for each run, as iperf3 wrote it")
                }
                if file.event(part) == "end" {
                    end = try content(Iperf3Report.End.self, part)
                } else {
                    intervals.append(try content(Iperf3Report.Interval.self, part))
                }
            case "error": error = try content(String.self, part)
            default: break
            }
        }
    }

    func report() throws(KerfError) -> Iperf3Report {
        if error == nil {
            for (name, isMissing) in [("start", start == nil), ("end", end == nil)] where isMissing {
                throw file.refusal(
                    "has no event \"\(name)\": the test was not finished, or part of its stream is missing",
                    remedy: "run the test again")
            }
        }
        return Iperf3Report(
            start: start ?? Iperf3Report.Start(), intervals: intervals, end: end ?? Iperf3Report.End(), error: error)
    }

    private func content<Content: Decodable>(_ type: Content.Type, _ part: Range<Int>) throws(KerfError) -> Content {
        try file.decode(
            Event<Content>.self, part,
            orSay: "line \(file.line(of: part.lowerBound)) is not an event of iperf3 --json-stream"
        ).data
    }
}
