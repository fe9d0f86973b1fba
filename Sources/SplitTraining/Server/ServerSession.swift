import Instrumentation
import ModelFiles
import SwiftProtobuf
import SystemIO
import TransformerKernels
import Workload

/// One device's connection, from the greeting to its end.
struct ServerSession: Sendable {
    static let protocolVersion: UInt32 = 1

    let server: TrainingServer
    let channel: any MessageChannel
    let device: String
    /// The server's, as far as it applies to this device.
    let meter: RunMeter
    /// Throws where the device is no longer accepted. A session may last for days.
    let checkAgain: @Sendable () throws -> Void

    func run() async throws {
        let (hello, _) = try await channel.limited(silence).expect("a greeting") {
            if case .hello(let hello) = $0 { hello } else { nil }
        }
        guard hello.protocolVersion == Self.protocolVersion else {
            throw KerfError(
                .mismatch, "the device speaks protocol \(hello.protocolVersion), the server \(Self.protocolVersion)",
                remedy: "use the same version of Kerf on both sides")
        }
        guard hello.model.count <= 64, hello.dataSha256.utf8.count == 64, hello.steps <= UInt64(Int32.max) else {
            throw KerfError(.protocolViolation, "the greeting has impossible sizes")
        }
        let settings = try TrainingSettings(hello.settings)
        let progress = try await server.training.admit(
            device, model: hello.model.map(RunTerm.init), settings: settings,
            dataSHA256: hello.dataSha256, steps: Int(hello.steps), isNew: hello.newTraining)
        try await channel.send(
            .welcome(
                .with {
                    $0.programVersion = KerfVersion.build
                    $0.deviceSteps = UInt64(progress.steps)
                    $0.meter = meter.message
                }), tensor: TensorBytes.bytes(of: progress.losses))
        // Between turns a device may be silent as long as it likes: it holds nothing.
        while let message = try await channel.receive() {
            switch message.kind {
            case .turnRequest(let request): try await turn(request, settings, stepsInAll: Int(hello.steps))
            case .adaptersRequest: try await sendAdapters()
            case .clockRequest: try await tellTime()
            case .progress: break
            case .failure(let failure):
                throw KerfError(.refused, "the device gave up: \(PlainText.shown(failure.message))")
            default: throw KerfError(.protocolViolation, "\(message.kind.name) came between two turns")
            }
        }
    }

    private var silenceSeconds: Double { server.configuration.silenceSeconds }

    /// How long the device may be silent in its turn.
    var silence: SilenceLimit {
        let failure = KerfError(
            .silent, "the device \(PlainText.quoted(device)) has been silent for \(silenceSeconds) s",
            remedy: "start it again; its last committed turn is kept")
        return SilenceLimit(seconds: silenceSeconds, failure: failure)
    }

    private func turn(
        _ request: Kerf_Split_V1_TurnRequest, _ settings: TrainingSettings, stepsInAll: Int
    ) async throws {
        let position = await server.queue.length
        if position > 0 { try await channel.send(.turnQueued(.with { $0.position = UInt32(position) })) }
        try await server.queue.acquire()
        do {
            try checkAgain()
            try await ServerTurn(
                session: self, request: request, settings: settings, stepsInAll: stepsInAll
            ).run()
            await server.queue.release()
        } catch {
            await server.queue.release()
            throw error
        }
    }

    private func tellTime() async throws {
        let received = MonotonicInstant.now().message
        try await channel.send(
            .clockAnswer(
                .with {
                    $0.received = received
                    $0.sent = MonotonicInstant.now().message
                }))
    }

    private func sendAdapters() async throws {
        try checkAgain()
        guard let state = await server.state else {
            throw KerfError(.protocolViolation, "there are no adapters before the first turn")
        }
        try await channel.send(
            .adapters(.init()), tensor: state.blocks.flatMap { TensorBytes.bytes(of: $0.parameters) })
    }
}
