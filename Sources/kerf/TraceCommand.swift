import ArgumentParser
import CommandSupport
import Reporting
import SystemIO

/// `kerf trace`: a profile, a run or a validation as a trace for Perfetto.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Write a profile or a training as a trace, to look at over time in Perfetto.",
        discussion: """
            Steps, layers, kernels, energy windows and idle times become slices; power, frequency, temperature and \
            other load become counters with their units. Of a run of kerf train --timeline both sides and the link \
            are drawn on the device's clock. https://ui.perfetto.dev reads the trace in the browser and uploads nothing.

            What has no time in its file is laid end to end on tracks that say so. What is not drawn is counted on \
            standard error.

            EXAMPLE
              kerf trace profile.json --out profile.pftrace
              kerf trace trained/run.json --out run.pftrace
            """)

    @Argument(
        help: ArgumentHelp(
            "A profile, run.json of kerf train, or a validation.", valueName: "file"), completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Trace to write, in Perfetto's format.", valueName: "run.pftrace"), completion: .file())
    var out: String

    @Option(
        help: ArgumentHelp(
            "Timeline of a run. (default: timeline.csv beside run.json, if there)", valueName: "timeline.csv"),
        completion: .file())
    var timeline: String?

    @Flag(help: "Print what the trace holds as JSON instead of a table.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            try OutputFile.checkPlace(out)
            let input = try TraceFile(file, timeline: timeline)
            try OutputGuard.check(out, isNoneOf: [file] + [input.timeline].compactMap(\.self))
            let bytes = try PerfettoWriter.bytes(of: input.trace)
            guard !bytes.isEmpty else {
                throw KerfError(
                    .unusableData, at: file, "has nothing that could be drawn over time",
                    remedy: "give a run with steps, turns or rounds")
            }
            try AtomicFile.write(bytes, to: out)
            let summary = TraceSummary(input.trace)
            for line in summary.leftOutLines { StandardError.write("kerf: \(line)\n") }
            let text = json ? try KerfJSON.text(of: summary) + "\n" : ""
            Printed.print(asJSON: json, Array(text.utf8), or: summary.text, written: out)
        }
    }
}
