import ArgumentParser
import Capture
import Instrumentation
import SystemIO
import SystemPackage

/// `kerf capture`: a box as a file.
struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Record this box as a tar file: a test case, or something to send with a question.",
        discussion: """
            Records what Kerf's probes, libsensors and libpci read: powercap, cpufreq, hwmon, batteries, thermal \
            zones, the processors' topology, PCI configuration spaces, and a few files of /proc. Serial numbers, MAC \
            addresses, host names and domains are removed. Files that may not be read are recorded as such; as root \
            more can be read. Look into it with tar before you send it.

            kerf/doctor.json in it is the box as kerf doctor saw it, with lm-sensors' view; kerf/lspci.txt is a dump \
            that lspci -F reads.

            EXAMPLE
              sudo kerf capture --out box.tar
              kerf replay box.tar -- doctor
            """)

    @Option(help: ArgumentHelp("The archive to write.", valueName: "box.tar"), completion: .file())
    var out: String

    @Option(help: ArgumentHelp("Directory that stands for /: another tree to record.", valueName: "dir"))
    var root = "/"

    @Flag(help: "Print the list of what could not be read as JSON.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            try OutputFile.checkPlace(out)
            // Absolute, so that its path is told from other words in the report.
            let tree = try SystemRoot.named(root).absolute
            var recorder = CaptureRecorder(root: tree, kerfVersion: KerfVersion.current)
            let (archive, manifest) = try recorder.record(views: [Self.viewName: try view(of: tree)])
            // What it says it is, it is: nothing is handed out that kerf replay would refuse, or whose report none reads.
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

    /// The doctor's report. Recording takes the tree's own place out of it.
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
                .internalError, "kerf/\(viewName) was damaged by taking names out of it; this is a defect of Kerf")
        }
    }
}
