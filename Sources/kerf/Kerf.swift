import ArgumentParser
import CommandSupport
import SystemIO

/// The command line: configuration only. Every subcommand has its own file.
@main
struct Kerf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kerf",
        abstract: "Measure what each layer of a transformer costs on this box, and decide where to cut the model.",
        discussion: """
            Profile a box, calibrate from its profiles, and decide where to cut the model between a device and a \
            server, given a calibration of each. `kerf demo` does all of it on this box.

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
            DemoCommand.self, DoctorCommand.self, ProfileCommand.self, CalibrateCommand.self, CompareCommand.self,
            DecideCommand.self, SimulateCommand.self, KeysCommand.self, ServeCommand.self, TrainCommand.self,
            LinkCommand.self, ValidateCommand.self, FleetCommand.self, ReportCommand.self, TraceCommand.self,
            ExportCommand.self, BoardCommand.self, CaptureCommand.self, ReplayCommand.self, BenchCommand.self,
            SelftestCommand.self, RestoreFrequencyCommand.self, FrequencyWatchdogCommand.self,
            ReplayInsideCommand.self, MeterProgramCommand.self,
        ])

    static func main() { Program.run(Self.self) }
}
