import Glibc
import ModelFiles
import SystemIO
import Workload

/// The folder that a training leaves: `adapters/` in PEFT's format, `run.json`, and `timeline.csv` where it was asked for.
package struct RunFolder: Sendable {
    package let path: String
    private let isNew: Bool

    /// Makes the folder before anything is trained: hours of work must not fail at their end.
    package init(path: String) throws(KerfError) {
        isNew = mkdir(path, 0o777) == 0
        guard isNew || errno == EEXIST, access(path + "/.", W_OK | X_OK) == 0 else {
            throw KerfError(
                .cannotCreate, at: path, "cannot be made or written to: \(String(cString: strerror(errno)))",
                remedy: "give a folder of your own in one that exists")
        }
        self.path = path
        for file in [runPath, timelinePath] + PEFTFolder.files(in: adaptersPath) { AtomicFile.removeRemains(of: file) }
    }

    /// The name of the timeline beside `run.json`.
    package static let timelineName = "timeline.csv"

    private var runPath: String { path + "/run.json" }
    private var timelinePath: String { path + "/" + Self.timelineName }
    private var adaptersPath: String { path + "/adapters" }

    /// Removes the folder if it was made for nothing.
    package func discardIfEmpty() {
        if isNew { rmdir(path) }
    }

    /// - Parameters:
    ///   - parameters: of all blocks, in the order of ``AdapterLayout``.
    ///   - model: that they belong to.
    package func write(_ parameters: [[Float]], of model: ModelConfig, lora: LoRAConfiguration) throws {
        var adapters = AdapterTensors(model: model, lora: lora)
        for (block, values) in parameters.enumerated() { adapters[block: block] = values }
        try PEFTFolder.write(adapters, baseModel: model.name, to: adaptersPath)
    }

    /// The record of an earlier process; nil without one that can be read.
    var earlierRun: SplitRun? { try? KerfJSON.read(SplitRun.self, at: runPath).file }

    package func write(_ run: SplitRun) throws {
        try AtomicFile.write(try KerfJSON.encode(run), to: runPath)
    }

    /// - Parameter start: from which times are counted.
    package func writeTimeline(of turns: [DeviceSession.Turn], since start: MonotonicInstant) throws {
        let lines = [Timeline.header] + turns.flatMap { Timeline.lines(of: $0, since: start) }
        try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: timelinePath)
    }
}
