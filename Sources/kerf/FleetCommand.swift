import ArgumentParser
import CollectedFiles
import CommandSupport
import FoundationEssentials
import Reporting
import SystemIO

/// `kerf fleet`: what was collected from many boxes, a row for each.
struct FleetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Show what was collected from many boxes, a row for each, and what to do about it.",
        discussion: """
            Takes a folder with a folder for each box, named after the box, that holds what the box produced: the \
            doctor's report (kerf doctor --json), profiles, a calibration, its link, a decision, and how collecting went. \
            Files are told by their content. Each box is a row: meter, closure, disturbances, age of the calibration, \
            whether the box is still the one that was calibrated, and the best cut with its probability.

            With --server, cuts are decided anew for all boxes, as by kerf decide; each with the link that it has \
            measured, or that of --link.

            Exits with \(ExitStatus.limitExceeded.rawValue) where a box has a problem: it did not answer, a step failed, \
            a file is damaged, it was not calibrated or has changed since, its values do not add up or were disturbed, \
            or no decision stands. That a box has no meter is no problem, but a note.

            EXAMPLE
              kerf fleet collected
              kerf fleet collected --server collected/edge/calibration.json \\
                --link up=20mbit,down=80mbit,rtt=20ms --weight 0.5
            """)

    @Argument(help: ArgumentHelp("Folder with a folder for each box.", valueName: "dir"), completion: .directory)
    var folder: String

    @OptionGroup var options: FleetOptions

    @Option(help: ArgumentHelp("View to write.", valueName: "fleet.json"), completion: .file())
    var out: String?

    @Flag(help: "Print the view as JSON instead of tables.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            if let out { try OutputFile.checkPlace(out) }
            let collected = try FleetFolder(at: folder)
            if let out { try OutputGuard.check(out, isNoneOf: options.inputs + collected.inputs) }
            let fleet = FleetView(
                collected, decider: try options.decider(), now: .now, remedy: RemedyText.words)
            let bytes = try KerfJSON.encode(fleet)
            if let out { try AtomicFile.write(bytes, to: out) }
            Printed.print(asJSON: json, bytes, or: fleet.report, written: out)
            guard let problem = fleet.problemLine else { return }
            // A result that nobody could read is the worse failure.
            try StandardStreams.checkOutput()
            StandardError.write("kerf: \(problem)\n")
            throw ExitCode(ExitStatus.limitExceeded.rawValue)
        }
    }
}
