import Foundation
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// Nothing done is never success: results that nobody can read, and a command line that cannot be read.
struct NothingDoneTests {
    /// Runs a shell's command line with the executable as `$0`.
    private static func shell(_ line: String, _ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line, KerfProcess.executable.path] + arguments
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
    }

    static let texts = ["--help", "--version", "doctor --help", "help doctor", "--generate-completion-script bash", ""]

    @Test("help that cannot be printed", arguments: texts, [">&-", ">/dev/full"])
    func helpNowhere(arguments: String, redirection: String) throws {
        let (status, output) = try Self.shell("\"$0\" \(arguments) 2>&1 \(redirection)")
        #expect(
            status == 74
                && output == "kerf: error: standard output: cannot be written; "
                    + "what was printed is incomplete\n",
            "\(output)")
    }

    @Test("results that cannot be printed", arguments: ["", "--json"], [">&-", ">/dev/full"])
    func resultsNowhere(option: String, redirection: String) throws {
        let tree = try FixtureTree()
        let (status, output) = try Self.shell(
            "\"$0\" doctor \(option) --root \"$1\" 2>&1 \(redirection)", tree.path.string)
        #expect(status == 74, "\(output)")
        #expect(output.hasPrefix("kerf: error: standard output: ") && output.split(separator: "\n").count == 1)
    }

    @Test("closed streams that are not needed cost nothing")
    func otherStreams() throws {
        let tree = try FixtureTree()
        #expect(try Self.shell("\"$0\" doctor --root \"$1\" <&- 2>&-", tree.path.string).status == 0)
        let (status, output) = try Self.shell("\"$0\" doctor --root /no/such/root <&- 2>&-")
        #expect(status == 66 && output.isEmpty)
    }

    @Test("no stream at all is no reason to write into a file that is opened later")
    func noStreams() throws {
        let workspace = try Workspace()
        let profile = try KerfJSON.encode(SyntheticProfile().make())
        try Data(profile).write(to: URL(fileURLWithPath: workspace.path("profile.json")))
        let (status, _) = try Self.shell(
            "\"$0\" calibrate \"$1\" --out \"$2\" <&- >&- 2>&-", workspace.path("profile.json"),
            workspace.path("calibration.json"))
        #expect(status == 74)
        let text = try String(contentsOfFile: workspace.path("calibration.json"), encoding: .utf8)
        #expect(text.hasPrefix("{"))
    }

    // MARK: - Without procfs

    private static let withoutProcfs = "unshare --user --map-root-user --mount sh -c "

    /// Whether a process can have a /proc of its own, with nothing in it.
    private static let canHideProcfs: Bool = {
        let line = withoutProcfs + "'mount -t tmpfs none /proc && ! test -e /proc/self' 2>/dev/null"
        return (try? shell(line))?.status == 0
    }()

    private func hidden(
        _ arguments: String, _ place: String = "", below directory: String = "/proc"
    ) throws -> (status: Int32, output: String) {
        let inner = "'mount -t tmpfs none \(directory) && exec \"$0\" \(arguments)'"
        return try Self.shell(Self.withoutProcfs + inner + " \"$0\" \"$1\"", place)
    }

    @Test("the arguments are known without procfs", .enabled(if: canHideProcfs, "needs user namespaces"))
    func argumentsWithoutProcfs() throws {
        let tree = try FixtureTree()
        try tree.write("proc/cpuinfo", "processor: 0\nvendor_id: X\nmodel name: Planted CPU\nflags: lm sse2\n")
        let version = try hidden("--version")
        #expect(version.status == 0 && version.output.split(separator: "\n").count == 1, "\(version.output)")
        let doctor = try hidden("doctor --root \"$1\"", tree.path.string)
        #expect(doctor.status == 0 && doctor.output.contains("Planted CPU"), "\(doctor.output)")
        let unknown = try hidden("saw")
        #expect(unknown.status == 64 && unknown.output.contains("saw"), "\(unknown.output)")
    }

    @Test(
        "the running system's doctor says that procfs is missing", .enabled(if: canHideProcfs, "needs user namespaces"))
    func doctorWithoutProcfs() throws {
        let (status, output) = try hidden("doctor")
        #expect(status == 0 && output.contains("remedy: mount procfs"), "\(output)")
    }

    /// No driver is missing where none can be seen.
    @Test(
        "the running system's doctor says that sysfs is missing", .enabled(if: canHideProcfs, "needs user namespaces"))
    func doctorWithoutSysfs() throws {
        let (status, output) = try hidden("doctor", below: "/sys")
        let lines = output.split(separator: "\n")
        for subject in ["RAPL ", "cpufreq ", "lm-sensors ", "battery ", "PCI ", "  powercap ", "  hwmon "] {
            let line = lines.first { $0.hasPrefix(subject) }
            #expect(line?.contains("masked") == true && line?.contains("sysfs is not mounted") == true, "\(output)")
        }
        #expect(status == 0 && !output.contains("modprobe ina3221") && !output.contains("sensors3.conf"), "\(output)")
        #expect(output.contains("remedy: sudo mount -t sysfs sysfs /sys"), "\(output)")
    }
}
