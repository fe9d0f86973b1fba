import ArgumentParser
import FoundationEssentials
import Glibc
import Instrumentation
import ProbeKit
import SystemIO

/// `kerf demo`: the whole way of the data on this box.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run doctor, profile, calibrate and decide on this box, and say where the files are.",
        discussion: """
            Profiles SmolLM2-135M twice on this box: on one thread, as a device would run it, and on all processors, \
            as the server. Energy comes from the box's own meters; without them from a virtual box, and is labelled \
            simulated.

            EXAMPLE
              kerf demo --out demo-output
            """)

    @Option(help: ArgumentHelp("Folder for the files.", valueName: "dir"))
    var out = "demo-output"

    @Option(help: ArgumentHelp("Time for each of the two profiles.", valueName: "seconds"))
    var budget = 60.0

    @Option(help: ArgumentHelp("Real weights of SmolLM2-135M, a GGUF file.", valueName: "file.gguf"))
    var weights: String?

    @Flag(help: "Print each command's result as JSON, one document after another; the commands go to standard error.")
    var json = false

    func validate() throws {
        guard budget > 0, budget <= 86400 else {
            throw ValidationError("--budget must be above 0 and at most 86400 seconds, not \(budget)")
        }
    }

    func run() throws {
        try ErrorReport.reporting { try demonstrate() }
    }

    private func demonstrate() throws {
        try makeDirectory(out)
        try run("doctor")

        let hasMeter = MeterBackend.allCases.contains {
            $0.availability(in: SystemRoot(), rails: []).status == .present
        }
        for (role, threads) in [("device", ["--threads", "1"]), ("server", [])] {
            var arguments = ["--model", "smollm2-135m", "--seq", "128", "--budget", "\(budget)"]
            arguments += threads
            if let weights { arguments += ["--weights", weights] }
            if !hasMeter { arguments += ["--board", "\(out)/board"] }
            try run("profile", arguments + ["--out", "\(out)/\(role)-profile.json"])
            try run("calibrate", ["\(out)/\(role)-profile.json", "--out", "\(out)/\(role)-calibration.json"])
        }
        try run(
            "decide",
            [
                "--device", "\(out)/device-calibration.json", "--server", "\(out)/server-calibration.json",
                "--link", "up=20mbit,down=80mbit,rtt=20ms", "--out", "\(out)/decision.json",
            ])
        say("\nFiles are in \(out): two profiles, two calibrations, decision.json")
    }

    /// Runs a subcommand as the user would, its command line shown first.
    private func run(_ subcommand: String, _ arguments: [String] = []) throws {
        let line = [subcommand] + arguments + (json ? ["--json"] : [])
        say("\n$ kerf \(line.joined(separator: " "))\n")
        var command = try Kerf.parseAsRoot(line)
        try command.run()
    }

    private func say(_ text: String) {
        if json {
            StandardError.write(text + "\n")
        } else {
            print(text)
            // Progress goes to standard error at once; what was printed before it belongs before it.
            fflush(nil)
        }
    }

    private func makeDirectory(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw KerfError(.cannotCreate, "\(path): cannot make the folder; give another with --out")
        }
    }
}
