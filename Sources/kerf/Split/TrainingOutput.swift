import Glibc
import Quantities
import SplitTraining
import SystemIO
import Workload

/// The folder that a training leaves: `adapters/` in PEFT's format, and `run.json`.
struct TrainingOutput {
    let folder: String

    /// Makes the folder before anything is trained: hours of work must not fail at their end.
    init(folder: String) throws(KerfError) {
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST, access(folder, W_OK) == 0 else {
            throw KerfError(
                .cannotCreate, at: folder, "cannot be made or written to: \(String(cString: strerror(errno)))",
                remedy: "give a folder of your own in one that exists")
        }
        self.folder = folder
    }

    func write(_ adapters: AdapterTensors, baseModel: String) throws {
        try PEFTFolder.write(adapters, baseModel: baseModel, to: folder + "/adapters")
    }

    func write(_ run: SplitRun) throws { try AtomicFile.write(try KerfJSON.encode(run), to: folder + "/run.json") }

    /// A few lines for the terminal.
    static func summary(of run: SplitRun, folder: String) -> String {
        let seconds = run.turns.flatMap(\.stepSeconds).sorted()
        var lines = ["trained \(run.losses.count) steps of \(run.model), cut \(run.cut.map(String.init) ?? "none")"]
        if let first = run.losses.first.flatMap(\.self), let last = run.losses.last.flatMap(\.self) {
            lines.append("loss \(text(first)) at the first step, \(text(last)) at the last")
        }
        if let before = run.validationLossBefore, let after = run.validationLossAfter {
            lines.append("held-out loss \(text(before)) before, \(text(after)) after")
        }
        if !seconds.isEmpty {
            lines.append("median step \(NumberText.si(seconds[seconds.count / 2], "s")), \(run.origin.rawValue)")
        }
        if let shape = run.linkShape { lines.append("the link imitated \(shape)") }
        lines.append("adapters and run.json are in \(folder)")
        return lines.joined(separator: "\n")
    }

    private static func text(_ loss: Double) -> String { NumberText.fixed(loss, digits: 4) }
}
