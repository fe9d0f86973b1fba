import ArgumentParser
import Instrumentation
import Reporting
import SystemIO

/// `kerf doctor`: what this box can measure, and the exact remedy for what it cannot.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what this box can measure, and the remedy for what it cannot.",
        discussion: """
            Every probe is asked once: energy counters, clocks, sensors, PCI devices and the host itself. A meter that \
            is missing or closed is no error; it is named with its reason and what to do about it.

            EXAMPLE
              kerf doctor
              kerf doctor --root board --json
            """)

    @Option(help: ArgumentHelp("Directory that stands for /: a captured box or a virtual board.", valueName: "dir"))
    var root = "/"

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            let report = DoctorReport(root: try .named(root), remedy: RemedyText.words)
            if json {
                print(try KerfJSON.text(of: report))
            } else {
                for line in DoctorText(report).lines { print(line) }
            }
        }
    }
}
