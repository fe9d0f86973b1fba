import ArgumentParser
import Calibration
import CollectedFiles
import CommandSupport
import CostComparison
import ProfileFormat
import Reporting
import SystemIO

/// `kerf compare`: the costs of one workload side by side.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare profiles or calibrations: before and after, or box against box.",
        discussion: """
            Prints the ratio of every cost to the baseline's with an interval: time and energy of the whole step, of each \
            layer's passes, and of kernels. All intervals hold together with 95 %, however many ratios and files there \
            are. Boxes, engines and threads may differ; model, batch, sequence, LoRA rank and targets, and number format \
            must not.

            A profile's intervals hold what varies within its run. Give calibrations of three or more profiles, or \
            --between-runs, so that a difference between two runs of one box is not taken for one between the files.

            A folder stands for the calibrations in it and below, and for the profiles that none of them was made from.

            EXAMPLE
              kerf compare before.json after.json
              kerf compare pi-4.json pi-5.json laptop.json --baseline laptop.json --layers
              kerf compare main.json branch.json --fail-above 5% --out comparison.json
            """)

    @Argument(
        help: ArgumentHelp(
            "Profiles written by kerf profile, or calibrations, two or more; or folders of them.",
            valueName: "profile-or-calibration.json"), completion: .file())
    var files: [String]

    @Option(
        help: ArgumentHelp(
            "The file that the others are compared with. (default: the first)", valueName: "file"),
        completion: .file())
    var baseline: String?

    @Option(
        help: ArgumentHelp(
            "Exit with \(ExitStatus.limitExceeded.rawValue) where the whole interval of any ratio lies above 1 plus this "
                + "share, such as 5%.", valueName: "share"))
    var failAbove: Share?

    @Option(
        help: ArgumentHelp(
            "Standard deviation between runs, such as 1%, to add to the error of a file of one profile.",
            valueName: "share"))
    var betweenRuns: Share?

    @Flag(help: "Show every block, not only those that differ otherwise than the others.")
    var layers = false

    @Flag(help: "Show every kernel.")
    var kernels = false

    @Option(help: ArgumentHelp("Comparison to write.", valueName: "comparison.json"), completion: .file())
    var out: String?

    @Flag(help: "Print the comparison as JSON instead of a table.")
    var json = false

    func validate() throws {
        let hasFolder = files.contains(where: FileList.isFolder)
        guard files.count > 1 || hasFolder else {
            throw ValidationError("one file is nothing to compare; give two or more profiles or calibrations")
        }
        guard files.count <= Comparer.maximumInputs else {
            throw ValidationError("\(files.count) files; the most is \(Comparer.maximumInputs)")
        }
        if let baseline, !files.contains(baseline), !hasFolder { throw ValidationError(Self.unknown(baseline)) }
        if let failAbove, failAbove.value >= 1 {
            throw ValidationError(
                "--fail-above must be below 100 %, not \(failAbove.value); write five per cent as 5% or 0.05")
        }
        if let betweenRuns, betweenRuns.value >= 1 {
            throw ValidationError("--between-runs must be below 100 %, not \(betweenRuns.value)")
        }
    }

    private static func unknown(_ baseline: String) -> String {
        "--baseline \(PlainText.shown(baseline)) is not among the files to compare"
    }

    func run() throws {
        try ErrorReport.reporting {
            let (comparison, bytes) = try compare()
            let detail = CostComparison.Detail(blocks: layers, kernels: kernels)
            Printed.print(asJSON: json, bytes, or: comparison.report(detail), written: out)
            guard let failAbove, let excess = comparison.excessLine(above: failAbove.value) else { return }
            // A result that nobody could read is the worse failure.
            try StandardStreams.checkOutput()
            StandardError.write("kerf: \(excess)\n")
            throw ExitCode(ExitStatus.limitExceeded.rawValue)
        }
    }

    /// Compares the files, and writes the comparison where a place is given.
    private func compare() throws -> (comparison: CostComparison, bytes: [UInt8]) {
        if let out { try OutputFile.checkPlace(out) }
        let files = try FolderArguments.files(
            files, of: [Profile.schema, Calibration.schema], calibrationsReplaceProfiles: true)
        if let out { try OutputGuard.check(out, isNoneOf: files) }
        let first: Int? = if let baseline { files.firstIndex(of: baseline) } else { 0 }
        guard let first else { throw KerfError(.invalidArgument, Self.unknown(baseline ?? "")) }
        let inputs = try files.map { path in
            try ComparisonInput(name: path, bytes: try FileBytes.read(path, limit: KerfJSON.maximumBytes))
        }
        let resolution = failAbove.map(\.value).flatMap { $0 > 0 ? $0 : nil } ?? Comparer.defaultResolution
        let comparer = Comparer(resolution: resolution, betweenRuns: betweenRuns?.value)
        let comparison = try comparer.compare(inputs, baseline: first)
        let bytes = try KerfJSON.encode(comparison)
        if let out { try AtomicFile.write(bytes, to: out) }
        return (comparison, bytes)
    }
}
