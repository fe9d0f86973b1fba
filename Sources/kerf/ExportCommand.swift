import ArgumentParser
import CommandSupport
import Reporting
import SystemIO
import SystemPackage

/// `kerf export`: a file as tables.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a file of Kerf's as CSV tables, one row a sample.",
        discussion: """
            Takes a profile, calibration, comparison, decision, simulation, link, split run, validation or \
            fleet, also of earlier versions. \
            The folder gets one file for each kind of row; units are in the columns' names, and columns.csv says what \
            each column is. A missing value is an empty cell. Python reads the files directly: kerf.read(path).

            The folder is made whole or not at all, and nothing in it is ever replaced.

            EXAMPLE
              kerf export profile.json --csv tables
            """)

    @Argument(help: ArgumentHelp("File that Kerf wrote.", valueName: "file.json"), completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp("Folder to make for the tables.", valueName: "dir"), completion: .directory)
    var csv: String

    @Flag(help: "Print the list of tables as JSON instead of text.")
    var json = false

    func validate() throws {
        guard !csv.isEmpty else { throw ValidationError("--csv is empty; name a folder") }
    }

    func run() throws {
        try ErrorReport.reporting {
            let export = try CSVExport(try FileBytes.read(file, limit: KerfJSON.maximumBytes), named: file)
            try export.write(to: FilePath(csv))
            let report = try KerfJSON.text(of: export.report(folder: csv)) + "\n"
            Printed.print(asJSON: json, Array(report.utf8), or: export.report, written: csv)
        }
    }
}
