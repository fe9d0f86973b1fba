import ArgumentParser
import CommandSupport
import Instrumentation
import Reporting
import SystemIO

/// `kerf doctor`: what this box can measure, and the remedy for what it cannot.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what this box can measure, and the remedy for what it cannot.",
        discussion: """
            Queries every probe once: energy meters, frequencies, sensors, PCI devices and the host itself. A meter \
            that is missing or not permitted is not an error: it is listed with the reason and the remedy.

            EXAMPLE
              kerf doctor
              kerf doctor --root board --json
            """)

    @Option(help: ArgumentHelp("Directory to use as /: a captured box or a virtual board.", valueName: "dir"))
    var root = "/"

    @Flag(help: "Print the report as JSON instead of text.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            let report = try inspect()
            print(json ? try KerfJSON.text(of: report) : DoctorText(report).lines.joined(separator: "\n"))
        }
    }

    func inspect() throws -> DoctorReport { DoctorReport(root: try .named(root), remedy: RemedyText.words) }
}
