import Synchronization
import SystemIO

/// Keeps `run.json` of a split training up to date, and goes on with that of an earlier process of the same training.
package final class RunRecord: Sendable {
    private let folder: RunFolder
    private let earlier: SplitRun?
    private let make: @Sendable (DeviceRun.Result) -> SplitRun
    private let written = Mutex(MonotonicInstant.now())

    /// A long training has many turns, and each writing takes all of them.
    private static let pauseSeconds = 5.0

    /// - Parameter make: the record of what this process has done.
    package init(_ folder: RunFolder, make: @escaping @Sendable (DeviceRun.Result) -> SplitRun) {
        self.folder = folder
        self.make = make
        earlier = folder.earlierRun
    }

    /// Writes what is committed so far, unless it was written a moment ago. A held-out loss is written at once: no other
    /// process can compute it again.
    package func update(_ result: DeviceRun.Result) throws {
        let last = result.turns.last
        let isUnique = last?.validationBefore != nil || last?.validationAfter != nil
        let isDue = written.withLock { written in
            guard isUnique || MonotonicInstant.now().seconds(since: written) >= Self.pauseSeconds else { return false }
            written = .now()
            return true
        }
        if isDue { try folder.write(run(result)) }
    }

    /// The whole training, with the turns of earlier processes.
    package func run(_ result: DeviceRun.Result) -> SplitRun {
        var run = make(result)
        if let earlier { run.goOn(from: earlier) }
        return run
    }
}

extension SplitRun {
    /// Takes over what an earlier process recorded, if it was of the same training.
    mutating func goOn(from earlier: SplitRun) {
        guard earlier.model == model, earlier.weights == weights, earlier.data == data, earlier.settings == settings,
            (earlier.serverMeter == nil) == (serverMeter == nil), losses.starts(with: earlier.losses)
        else { return }
        let first = turns.first?.firstStep ?? losses.count
        turns = earlier.turns.filter { $0.firstStep + $0.stepSeconds.count <= first } + turns
        validationLossBefore = validationLossBefore ?? earlier.validationLossBefore
        validationLossAfter = validationLossAfter ?? earlier.validationLossAfter
        reconnections += earlier.reconnections
        let cuts = Set(turns.map(\.cut))
        if !cuts.isEmpty { cut = cuts.count == 1 ? cuts.first : nil }
    }
}
