import Instrumentation
import Logging
import ModelFiles
import SystemIO
import TransformerKernels

/// A device's whole training: turn after turn until all steps are committed, over as many connections as it takes.
package struct DeviceRun: Sendable {
    /// Opens a connection, runs the body on it, and closes it.
    package typealias Connect =
        @Sendable (_ body: @escaping @Sendable (any MessageChannel) async throws -> Void) async throws -> Void

    let job: DeviceSession.Job
    let source: any WeightSource
    let policy: any CutPolicy
    let meter: RunMeter
    /// Time without any progress after which a lost connection ends the run.
    let retrySeconds: Double
    /// Whether steps that an earlier run has made are an error.
    let requiresNewTraining: Bool
    let connect: Connect
    let engine: @Sendable () throws -> any MatrixEngine

    package init(
        job: DeviceSession.Job, source: any WeightSource, policy: any CutPolicy, meter: RunMeter = .none,
        retrySeconds: Double, requiresNewTraining: Bool = false, connect: @escaping Connect,
        engine: @escaping @Sendable () throws -> any MatrixEngine
    ) {
        self.job = job
        self.source = source
        self.policy = policy
        self.meter = meter
        self.retrySeconds = retrySeconds
        self.requiresNewTraining = requiresNewTraining
        self.connect = connect
        self.engine = engine
    }

    /// What a finished run leaves.
    package struct Result: Sendable {
        /// The loss of every step of this device, also of those before this process.
        package var losses: [Double] = []
        /// Turns of this process.
        package var turns: [DeviceSession.Turn] = []
        /// Parameters of all blocks, in the order of `AdapterLayout`.
        package var adapters: [[Float]] = []
        package var serverMeter: SideMeter?
        /// Connections that were lost and made again.
        package var reconnections = 0
    }

    /// Trains to the end.
    ///
    /// A lost connection is made again, with growing pauses up to 5 s, until ``retrySeconds`` have passed without a commit.
    ///
    /// - Throws: ``KerfError``; an error that another try cannot mend, at once.
    package func run(report: @escaping @Sendable (DeviceSession.Event) -> Void) async throws -> Result {
        let progress = Progress()
        let clock = ContinuousClock()
        var lastCommit = clock.now
        var pause = 0.25
        while true {
            let before = await progress.committed
            do {
                try await connect { channel in
                    let session = try DeviceSession(
                        job: job, source: source, channel: channel, meter: meter, report: report, engine: engine)
                    try await train(session, progress)
                }
                return await progress.result
            } catch let error as KerfError where error.isTransient {
                try Task.checkCancellation()
                if await progress.committed != before { (lastCommit, pause) = (clock.now, 0.25) }
                // The first connection tells at once what is wrong.
                guard await progress.hasGreeted, lastCommit.duration(to: clock.now) < .seconds(retrySeconds) else {
                    throw error
                }
                report(.reconnecting(error.description))
                try await Task.sleep(for: .seconds(pause))
                pause = min(2 * pause, 5)
                await progress.countReconnection()
            }
        }
    }

    private func train(_ session: DeviceSession, _ progress: Progress) async throws {
        let greeting = try await session.greet()
        let isFirst = await !progress.hasGreeted
        if requiresNewTraining, isFirst, !greeting.losses.isEmpty {
            throw KerfError(
                .mismatch, "the server has \(greeting.losses.count) steps of this device already",
                remedy: "start the server with a new state")
        }
        await progress.begin(greeting)
        while await progress.committed < job.steps {
            let committed = await progress.committed
            let choice = try await policy.choice(committed: committed, after: progress.result.turns.last)
            await progress.add(try await session.turn(choice, committed: committed))
        }
        await progress.finish(try await session.adapters())
    }

    private actor Progress {
        var result = Result()
        var hasGreeted = false
        var committed: Int { result.losses.count }

        func begin(_ greeting: (losses: [Double], serverMeter: SideMeter)) {
            hasGreeted = true
            result.serverMeter = greeting.serverMeter
            // The server's count holds: the confirmation of the last turn may have been lost.
            result.losses = greeting.losses
        }

        func add(_ turn: DeviceSession.Turn) {
            result.turns.append(turn)
            result.losses += turn.losses
        }

        func finish(_ adapters: [[Float]]) { result.adapters = adapters }
        func countReconnection() { result.reconnections += 1 }
    }
}

extension KerfError {
    /// Whether the same request may succeed later.
    var isTransient: Bool { [.connectionLost, .unreachable, .silent].contains(code) }
}
