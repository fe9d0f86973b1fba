import ArgumentParser
import Calibration
import CommandSupport
import FoundationEssentials
import Glibc
import Instrumentation
import ProbeKit
import Reporting
import SystemIO
import Validation

/// `kerf demo`: doctor, profile, calibrate, decide and validate on this box.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run doctor, profile, calibrate, decide and validate on this box, and summarize the result.",
        discussion: """
            Profiles SmolLM2-135M twice: on one thread as the device, and on all processors as the server. Energy comes \
            from this box's meter; if it has none, from a virtual board, and is labeled simulated.

            Then trains a few rounds with a server process on this box and a slowed-down link, at several cuts, and \
            compares the measured delay and energy with the prediction.

            Shows the decision and how far it can be trusted. The tables of each command go to files in --out, each \
            with the command that made it.

            EXAMPLE
              kerf demo --out demo-output
            """)

    @Option(help: ArgumentHelp("Folder for the files; created if it does not exist.", valueName: "dir"))
    var out = "demo-output"

    @Option(help: ArgumentHelp("Time for each of the two profiles.", valueName: "seconds"))
    var budget = 60.0

    @Option(
        help: ArgumentHelp(
            "Real weights of SmolLM2-135M, a GGUF file. (default: random weights)", valueName: "file.gguf"))
    var weights: String?

    @Flag(help: "Also print the tables of each command.")
    var verbose = false

    @Flag(help: "Print the result of each command as JSON, one document after another, instead of text.")
    var json = false

    func validate() throws {
        guard budget > 0, budget <= 86400 else {
            throw ValidationError("--budget must be above 0 and at most 86400 seconds, not \(budget)")
        }
        if verbose && json { throw ValidationError("--verbose prints text; leave out --json") }
    }

    func run() throws {
        try ErrorReport.reporting { try demonstrate() }
    }

    private static let model = "smollm2-135m"
    private static let link = "up=20mbit,down=80mbit,rtt=20ms"

    private func demonstrate() throws {
        if let weights {
            // Before a folder is made and minutes are spent.
            _ = try ModelOptions.parse(["--model", Self.model, "--weights", weights]).open(seed: 1)
        }
        try OutputFolder.make(out)
        let doctor = try inspect()
        let hasMeter = doctor.energy.backends.contains { $0.status == .present }
        let device = try side("device", ["--threads", "1"], hasMeter: hasMeter)
        let server = try side("server", [], hasMeter: hasMeter)

        let arguments = [
            "--device", path("device-calibration.json"), "--server", path("server-calibration.json"),
            "--link", Self.link, "--out", path("decision.json"),
        ]
        announce("decide", arguments)
        let (decision, bytes) = try DecideCommand.parse(arguments).decide()
        try publish("decision", "decide", arguments, decision.report, bytes)
        let validation = try validate(hasMeter: hasMeter)
        let names = [
            "device-profile", "server-profile", "device-calibration", "server-calibration", "decision", "validation",
        ]
        let report = names.map { path("\($0).json") } + ["--out", path("report.html")]
        announce("report", report)
        _ = try ReportCommand.parse(report).write()

        guard !json else { return }
        if verbose { print() }
        print(
            DemoSummary(
                device: device, server: server, decision: decision, validation: validation,
                meter: doctor.energy.summary, folder: out
            ).text, terminator: "")
    }

    private func inspect() throws -> DoctorReport {
        announce("doctor", [])
        let report = try DoctorCommand.parse([]).inspect()
        let bytes = Array((try KerfJSON.text(of: report) + "\n").utf8)
        try AtomicFile.write(bytes, to: path("doctor.json"))
        try publish("doctor", "doctor", [], DoctorText(report).lines.map { $0 + "\n" }.joined(), bytes)
        return report
    }

    /// Profiles and calibrates this box in one role.
    private func side(_ role: String, _ options: [String], hasMeter: Bool) throws -> DemoSummary.Side {
        let profilePath = path("\(role)-profile.json")
        var arguments = ["--model", Self.model, "--seq", "128", "--budget", "\(budget)"] + options
        if let weights { arguments += ["--weights", weights] }
        if !hasMeter { arguments += ["--board", path("board")] }
        arguments += ["--out", profilePath]
        announce("profile", arguments)
        let written = try ProfileCommand.parse(arguments).measure()
        Interruption.unwatch()
        let summary = written.report(try written.calibration())
        try publish("\(role)-profile", "profile", arguments, summary, written.bytes)

        arguments = [profilePath, "--out", path("\(role)-calibration.json")]
        announce("calibrate", arguments)
        let (calibration, bytes) = try CalibrateCommand.parse(arguments).calibrate()
        try publish("\(role)-calibration", "calibrate", arguments, calibration.report, bytes)
        return DemoSummary.Side(
            profile: written.run.profile, calibration: calibration, unmonitored: written.run.unmonitored)
    }

    /// Trains a few rounds with a server process on this box.
    private func validate(hasMeter: Bool) throws -> ValidationReport {
        Interruption.watch()
        defer { Interruption.unwatch() }
        let state = path("server-state-\(getpid())")
        defer { try? FileManager.default.removeItem(atPath: state) }
        let common = ["--model", Self.model] + (weights.map { ["--weights", $0] } ?? [])
        let server = try ServerProcess(
            arguments: common + ["--state", state] + (hasMeter ? [] : ["--board", path("server-board")]))
        defer { server.stop() }
        let arguments =
            common + [
                "--server", server.address, "--insecure", "--threads", "1", "--link", Self.link, "--shape", Self.link,
                "--device", path("device-calibration.json"), "--server-calibration", path("server-calibration.json"),
                "--rounds", "2", "--steps", "2", "--out", path("validation.json"),
            ] + (hasMeter ? [] : ["--board", path("board")])
        announce("validate", arguments)
        let (report, bytes) = try ValidateCommand.parse(arguments).compare()
        try publish("validation", "validate", arguments, report.report, bytes)
        return report
    }

    // MARK: - Output

    private func path(_ name: String) -> String { "\(out)/\(name)" }

    private func commandLine(_ subcommand: String, _ arguments: [String]) -> String {
        "$ kerf \(([subcommand] + arguments).joined(separator: " "))"
    }

    /// Says on standard error what is being run.
    private func announce(_ subcommand: String, _ arguments: [String]) {
        StandardError.write("\(commandLine(subcommand, arguments))\n")
    }

    /// Writes a command's text below its command line to `NAME.txt`, and prints what the options ask for.
    private func publish(
        _ name: String, _ subcommand: String, _ arguments: [String], _ text: String, _ bytes: [UInt8]
    ) throws {
        let report = "\(commandLine(subcommand, arguments))\n\n\(text)"
        try AtomicFile.write(Array(report.utf8), to: path("\(name).txt"))
        if json {
            print(String(decoding: bytes, as: UTF8.self), terminator: "")
        } else if verbose {
            print(report)
        }
        // Progress is written to standard error at once; what was printed before it must come before it.
        fflush(nil)
    }
}
