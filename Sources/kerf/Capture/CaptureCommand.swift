import ArgumentParser
import Capture
import CommandSupport
import Instrumentation
import SystemIO
import SystemPackage

/// `kerf capture`: a box as a file.
struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Record this box as a tar file, for a test case or a bug report.",
        discussion: """
            Records what Kerf's probes, libsensors and libpci read: powercap, cpufreq, hwmon, batteries, thermal \
            zones, CPU topology, PCI configuration spaces, and a few files of /proc. Serial numbers, MAC addresses, \
            host names and domains are removed. Files that cannot be read are recorded as unreadable; root can read \
            more. Inspect the archive with tar before you send it.

            kerf/doctor.json in the archive is the report of kerf doctor, with what lm-sensors reads; kerf/lspci.txt \
            is a dump for lspci -F.

            EXAMPLE
              sudo kerf capture --out box.tar
              kerf replay box.tar -- doctor
            """)

    @Option(help: ArgumentHelp("Archive to write.", valueName: "box.tar"), completion: .file())
    var out: String

    @Option(help: ArgumentHelp("Directory to use as /: another tree to record.", valueName: "dir"))
    var root = "/"

    @Flag(help: "Print the list of what could not be read as JSON.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            try OutputFile.checkPlace(out)
            // Absolute, so that the redaction can find the tree's path in the report.
            let tree = try SystemRoot.named(root).absolute
            var recorder = CaptureRecorder(root: tree, kerfVersion: KerfVersion.current)
            let (archive, manifest) = try recorder.record(views: [Self.viewName: try view(of: tree)])
            // Read back before it is written, so that no archive is produced that kerf replay would refuse.
            let capture = try Capture(archive, name: out)
            try Self.checkView(in: capture)
            try AtomicFile.write(archive, to: out)
            if json {
                print(String(decoding: try manifest.encoded(), as: UTF8.self), terminator: "")
                return
            }
            for item in manifest.unreadable { print("not read: \(PlainText.shown(item.path)): \(item.reason)") }
            for item in manifest.omitted { print("left out: \(PlainText.shown(item.path)): \(item.reason)") }
            print("written: \(out), \(capture.entries.count) files, links and directories, \(archive.count / 1024) KiB")
        }
    }

    private static let viewName = "doctor.json"

    /// The doctor's report. Recording redacts the tree's path in it.
    private func view(of tree: SystemRoot) throws -> String {
        var report = DoctorReport(root: tree, remedy: RemedyText.words)
        report.root = "/"
        return try KerfJSON.text(of: report) + "\n"
    }

    private static func checkView(in capture: Capture) throws {
        guard case .file(let bytes) = capture.entries["kerf/\(viewName)"]?.content else { return }
        do {
            _ = try KerfJSON.decode(DoctorReport.self, from: bytes, named: viewName)
        } catch {
            throw KerfError(
                .internalError, "kerf/\(viewName) was damaged when names were removed; this is a defect of Kerf")
        }
    }
}
