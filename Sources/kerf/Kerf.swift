import ArgumentParser
import SystemIO

/// The command line: configuration only. Every subcommand has its own file.
@main
struct Kerf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kerf",
        abstract: "Measure what each layer of a transformer costs on this box, and decide where to cut it.",
        discussion: """
            The way of the data: profile a box, turn its profiles into a calibration, and decide from a device's \
            and a server's calibration where to cut the model between them.

            EXAMPLE
              kerf doctor
              kerf profile --model smollm2-135m --out profile.json
              kerf calibrate profile.json --out calibration.json
              kerf decide --device calibration.json --server calibration.json \\
                --link up=20mbit,down=80mbit,rtt=20ms

            EXIT CODES
            \(ExitStatus.table)

            Completion scripts: kerf --generate-completion-script bash (or zsh, fish).
            """,
        version: KerfVersion.build,
        subcommands: [
            DoctorCommand.self, BoardCommand.self, ProfileCommand.self, CalibrateCommand.self, DecideCommand.self,
            SimulateCommand.self, BenchCommand.self, SelftestCommand.self, DemoCommand.self, CaptureCommand.self,
            ReplayCommand.self, RestoreClockCommand.self, FrequencyWatchdogCommand.self, ReplayInsideCommand.self,
        ])

    static func main() {
        StandardStreams.secure()
        main(nil)
    }
}
