import Instrumentation
import Logging
import ModelFiles
import SystemIO
import TransformerKernels
import Workload

/// The server's side of split training: its layers, the durable state, and the queue of devices. Transport is the caller's
/// affair: it calls ``serve(_:device:sharesBox:checkAgain:)`` for each connection.
package final class TrainingServer: Sendable {
    /// What does not change while the server runs.
    package struct Configuration: Sendable {
        package var model: [RunTerm]
        /// Time after which a device that is silent in its turn loses it.
        package var silenceSeconds: Double
        /// Adapters to start a new training from; nil for initial values by the seed.
        package var adapters: AdapterTensors?
        package var meter: RunMeter
        /// Sets the server's frequency where a device asks for one; nil where none may.
        package var frequency: FrequencyHold?
        /// Whether the server's blocks recompute their forward passes in their backward passes. Bits are the same, so no
        /// device need know.
        package var activationCheckpointing: Bool

        package init(
            model: [RunTerm], silenceSeconds: Double = 60, adapters: AdapterTensors? = nil, meter: RunMeter = .none,
            frequency: FrequencyHold? = nil, activationCheckpointing: Bool = false
        ) {
            self.model = model
            self.silenceSeconds = silenceSeconds
            self.adapters = adapters
            self.meter = meter
            self.frequency = frequency
            self.activationCheckpointing = activationCheckpointing
        }
    }

    let configuration: Configuration
    let training: Training
    let compute: ServerCompute
    /// One turn at a time is recorded.
    let recorder: ActivityRecorder
    let modelConfig: ModelConfig
    /// Held by the device whose turn it is. A device may wait behind itself: its older connection was lost, and its session
    /// ends as soon as it notices.
    let queue = FairLock()
    let logger: Logger
    private let connections = Connections()

    /// - Throws: ``KerfError`` when the folder's state cannot be read or is of another model.
    package init(
        source: any WeightSource, folder: StateFolder, configuration: Configuration, logger: Logger,
        engine: @escaping EngineMaker
    ) throws {
        self.configuration = configuration
        self.logger = logger
        training = try Training(model: source.config, folder: folder, configuration: configuration)
        recorder = configuration.meter.recorder()
        compute = try ServerCompute(
            source: source, activationCheckpointing: configuration.activationCheckpointing, recorder: recorder,
            engine: engine)
        modelConfig = source.config
    }

    /// The training so far; nil before the first device.
    package var state: TrainingState? { get async { await training.state } }

    /// Serves one connection until it ends.
    ///
    /// An error is reported to the device and then thrown. Nothing of an unfinished turn is kept. A newer connection of the
    /// same device ends this one: a device that lost its connection need not wait until the server notices.
    ///
    /// - Parameters:
    ///   - device: the name in the device's certificate.
    ///   - sharesBox: whether the device runs on this box too.
    ///   - checkAgain: called before each turn; throws where the device is no longer accepted.
    package func serve(
        _ channel: any MessageChannel, device: String, sharesBox: Bool = false,
        checkAgain: @escaping @Sendable () throws -> Void = {}
    ) async throws {
        let meter = sharesBox ? configuration.meter.sharingBox : configuration.meter
        let session = Task {
            try await ServerSession(
                server: self, channel: channel, device: device, meter: meter, checkAgain: checkAgain
            ).run()
        }
        await connections.replace(device, with: session)
        do {
            try await withTaskCancellationHandler {
                try await session.value
            } onCancel: {
                session.cancel()
            }
            await connections.remove(device, session)
        } catch {
            await connections.remove(device, session)
            let failure = Self.failure(of: error)
            // The connection may be the reason of the failure.
            do { try await channel.send(.failure(failure.failure)) } catch {
                logger.debug("the failure could not be reported", metadata: ["device": .string(device)])
            }
            throw failure
        }
    }

    /// What a device is told. A server that is ended can be started again, and the device then goes on.
    static func failure(of error: any Error) -> KerfError {
        let known = error as? KerfError
        if known?.code == .interrupted || (error is CancellationError && Interruption.isRequested) {
            return KerfError(.ended, "the server is being ended", remedy: "start it again with the same state")
        }
        if error is CancellationError { return KerfError(.refused, "the device has made a new connection") }
        return known ?? KerfError(.internalError, "\(error)")
    }

    /// The session of each device.
    private actor Connections {
        private var sessions: [String: Task<Void, any Error>] = [:]

        /// Ends the device's older session first.
        func replace(_ device: String, with session: Task<Void, any Error>) async {
            let older = sessions[device]
            sessions[device] = session
            older?.cancel()
        }

        func remove(_ device: String, _ session: Task<Void, any Error>) {
            if sessions[device] == session { sessions[device] = nil }
        }
    }
}
