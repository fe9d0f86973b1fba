import ArgumentParser
import CollectedFiles
import CommandSupport
import Reporting
import SystemIO

/// `kerf report`: files of Kerf's as a page for a browser.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show profiles, calibrations, decisions and runs as a page with charts.",
        discussion: """
            Writes one HTML file that needs no network and no script: first what was found and how far it can be trusted, \
            then charts, each with its numbers as a table that names the fields they come from. Several files that belong \
            together make one page. The same files give the same bytes.

            Takes files of kerf profile, calibrate, link, decide, simulate, train (run.json), validate, compare and fleet. \
            A folder stands for all of them in it and below.

            EXAMPLE
              kerf report profile.json calibration.json decision.json \\
                --out report.html
            """)

    @Argument(
        help: ArgumentHelp("Files that Kerf wrote, or folders of them.", valueName: "file.json"), completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("Page to write.", valueName: "report.html"), completion: .file())
    var out: String

    @Flag(help: "Print the sections, charts and verdicts as JSON instead of a line.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            let report = try write()
            let summary = try KerfJSON.text(of: report.summary)
            Printed.print(asJSON: json, [UInt8]((summary + "\n").utf8), or: report.verdictText, written: out)
        }
    }

    /// Writes the page to `out`.
    func write() throws -> HTMLReport {
        try OutputFile.checkPlace(out)
        let files = try FolderArguments.files(files, of: FileContent.schemas)
        try OutputGuard.check(out, isNoneOf: files)
        let report = HTMLReport(
            try files.map { try ReportSource(FileBytes.read($0, limit: KerfJSON.maximumBytes), named: $0) })
        try AtomicFile.write([UInt8](report.text.utf8), to: out)
        return report
    }
}
