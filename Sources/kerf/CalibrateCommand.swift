import ArgumentParser
import Calibration
import Reporting
import SystemIO

struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Fit what each layer costs from one or more profiles.",
        discussion: """
            A pure function of the profiles: the same profiles, in any order, give the same bytes. Several profiles \
            are pooled when they are of the same box, model, workload and engine, and refused otherwise.

            EXAMPLE
              kerf calibrate profile.json --out calibration.json
            """)

    @Argument(help: ArgumentHelp("Files that kerf profile wrote.", valueName: "profile.json"), completion: .file())
    var profiles: [String]

    @Option(help: ArgumentHelp("Where to write the calibration.", valueName: "calibration.json"), completion: .file())
    var out: String

    @Flag(help: "Print the calibration as JSON in place of the table.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            try OutputFile.checkPlace(out)
            try OutputGuard.check(out, isNoneOf: profiles)
            let inputs = try profiles.map { path in
                Calibrator.Input(name: path, bytes: try FileBytes.read(path, limit: KerfJSON.maximumBytes))
            }
            let calibration = try Calibrator.calibrate(inputs)
            let bytes = try KerfJSON.encode(calibration)
            try AtomicFile.write(bytes, to: out)
            if json {
                print(String(decoding: bytes, as: UTF8.self), terminator: "")
            } else {
                print(calibration.report, terminator: "")
                print("written: \(out)")
            }
        }
    }
}
