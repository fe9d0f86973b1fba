import Instrumentation
import Logging
import ModelFiles
import SystemIO
import TransformerKernels

/// A device's whole training: turn after turn until all steps are committed or the policy ends it, over as many connections
/// as it takes.
package struct DeviceRun: Sendable {
    /// Opens a connection, runs the body on it, and closes it.
    package typealias Connect =
        @Sendable (_ body: @escaping @Sendable (any MessageChannel) async throws -> Void) async throws -> Void

    let job: DeviceSession.Job
    let source: any WeightSource
    let policy: any CutPolicy
    let meter: RunMeter
    /// Time without a connection after which a lost one ends the run.
    let retrySeconds: Double
    /// Whether a server with a training is an error.
    let requiresNewTraining: Bool
    let connect: Connect
    let engine: EngineMaker

    package init(
        job: DeviceSession.Job, source: any WeightSource, policy: any CutPolicy, meter: RunMeter = .none,
        retrySeconds: Double, requiresNewTraining: Bool = false, connect: @escaping Connect,
        engine: @escaping EngineMaker
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

    /// Connections without a commit after which the run ends: its turns cannot succeed.
    private static let maximumFruitlessConnections = 100

    /// Trains to the end.
    ///
    /// A lost connection is made again, with growing pauses up to 5 s, until ``retrySeconds`` have passed without one.
    ///
    /// - Parameter committed: called after each turn with all of this process.
    /// - Throws: ``KerfError``; an error that another try cannot mend, at once; what `committed` throws.
    package func run(
        report: @escaping @Sendable (DeviceSession.Event) -> Void,
        committed: @escaping @Sendable (Result) throws -> Void = { _ in }
    ) async throws -> Result {
        let progress = Progress()
        let clock = ContinuousClock()
        var (lost, pause, fruitless) = (clock.now, Self.firstPause, 0)
        while true {
            let (steps, greetings) = await (progress.committed, progress.greetings)
            do {
                try await connect { channel in
                    try await LivelyChannel.with(channel) { channel in
                        let session = try DeviceSession(
                            job: job, source: source, channel: channel, meter: meter, report: report, engine: engine)
                        try await train(session, progress, committed)
                    }
                }
                return await progress.result
            } catch let error as KerfError where error.isTransient {
                try Task.checkCancellation()
                if await progress.greetings > greetings { (lost, pause) = (clock.now, Self.firstPause) }
                fruitless = await progress.committed > steps ? 0 : fruitless + 1
                // The first connection tells at once what is wrong.
                guard await progress.greetings > 0, lost.duration(to: clock.now) < .seconds(retrySeconds),
                    fruitless < Self.maximumFruitlessConnections
                else { throw error }
                report(.reconnecting(error.description))
                try await Task.sleep(for: .seconds(pause))
                pause = min(2 * pause, 5)
                await progress.countReconnection()
            }
        }
    }

    private static let firstPause = 0.25

    private func train(
        _ session: DeviceSession, _ progress: Progress, _ report: @Sendable (Result) throws -> Void
    ) async throws {
        let isFirst = await progress.greetings == 0
        let greeting = try await session.greet(isNew: requiresNewTraining && isFirst)
        await progress.begin(greeting)
        while await progress.committed < job.steps {
            let committed = await progress.committed
            guard let choice = try await policy.choice(committed: committed, after: progress.result.turns.last)
            else { break }
            await progress.add(try await session.turn(choice, committed: committed))
            try report(await progress.result)
        }
        await progress.finish(try await session.adapters())
    }

    private actor Progress {
        var result = Result()
        var greetings = 0
        var committed: Int { result.losses.count }

        func begin(_ greeting: (losses: [Double], serverMeter: SideMeter)) {
            greetings += 1
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
    var isTransient: Bool { [.connectionLost, .unreachable, .silent, .outdated, .ended].contains(code) }
}
