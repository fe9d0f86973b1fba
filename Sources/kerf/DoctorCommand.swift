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

            --meter-command PROGRAM also tries a meter that another program reads: what it reports, how often, and how late \
            it shows a load that Kerf makes on all processors for some twenty samples.

            EXAMPLE
              kerf doctor
              kerf doctor --root board --json
              kerf doctor --meter-command "python3 plug.py 192.168.1.20"
            """)

    @Option(help: ArgumentHelp("Directory to use as /: a captured box or a virtual board.", valueName: "dir"))
    var root = "/"

    @OptionGroup var program: MeterCommandOptions

    @Flag(help: "Print the report as JSON instead of text.")
    var json = false

    func validate() throws {
        guard program.meterCommand == nil || root == "/" else {
            throw ValidationError("--meter-command is tried on the running system; leave out --root")
        }
    }

    func run() throws {
        try ErrorReport.reporting {
            let report = try inspect()
            print(json ? try KerfJSON.text(of: report) : DoctorText(report).lines.joined(separator: "\n"))
        }
    }

    func inspect() throws -> DoctorReport {
        var report = DoctorReport(root: try .named(root), remedy: RemedyText.words)
        if let command = program.meterCommand {
            Interruption.watch()
            report.meterProgram = try MeterProgramCheck(command, remedy: RemedyText.words)
        }
        return report
    }
}
