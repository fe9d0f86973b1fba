import ArgumentParser
import Calibration
import CommandSupport
import Reporting
import SystemIO

/// `kerf calibrate`: per-layer time and energy, fitted from profiles.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Fit the time and energy of each layer from one or more profiles.",
        discussion: """
            A pure function of the profiles: the same profiles, in any order, give the same bytes. Several profiles \
            are pooled if box, model, workload and engine are the same, and refused otherwise.

            Profiles may differ in batch, sequence length and LoRA rank: --batch, --seq and --rank then choose the \
            workload of the calibration. One between measured ones is interpolated, and its values are labeled \
            modelled; one outside of them is refused. The calibration holds time and power as functions of the workload.

            EXAMPLE
              kerf calibrate profile.json --out calibration.json
              kerf calibrate profiles/*.json --seq 256 --out calibration.json
            """)

    @Argument(
        help: ArgumentHelp("Profiles written by kerf profile.", valueName: "profile.json"), completion: .file())
    var profiles: [String]

    @Option(help: Self.choice("Sequences in a batch"))
    var batch: Int?

    @Option(help: Self.choice("Tokens in a sequence"))
    var seq: Int?

    @Option(help: Self.choice("Rank of the LoRA adapters"))
    var rank: Int?

    private static func choice(_ what: String) -> ArgumentHelp {
        ArgumentHelp("\(what) of the calibration. (default: that of the profiles)", valueName: "number")
    }

    @Option(help: ArgumentHelp("Calibration to write.", valueName: "calibration.json"), completion: .file())
    var out: String

    @Flag(help: "Print the calibration as JSON instead of a table.")
    var json = false

    func validate() throws {
        for (name, value) in [("--batch", batch), ("--seq", seq), ("--rank", rank)] {
            guard let value, !NumberList.range.contains(value) else { continue }
            throw ValidationError("\(name) must be between 1 and 1000000, not \(value)")
        }
    }

    func run() throws {
        try ErrorReport.reporting {
            let (calibration, bytes) = try calibrate()
            Printed.print(asJSON: json, bytes, or: calibration.report, written: out)
        }
    }

    /// Fits the calibration and writes it to `out`.
    func calibrate() throws -> (calibration: Calibration, bytes: [UInt8]) {
        try OutputFile.checkPlace(out)
        try OutputGuard.check(out, isNoneOf: profiles)
        let inputs = try profiles.map { path in
            Calibrator.Input(name: path, bytes: try FileBytes.read(path, limit: KerfJSON.maximumBytes))
        }
        let calibration = try Calibrator.calibrate(
            inputs, of: WorkloadChoice(batch: batch, sequence: seq, loraRank: rank))
        let bytes = try KerfJSON.encode(calibration)
        try AtomicFile.write(bytes, to: out)
        return (calibration, bytes)
    }
}
