import ModelFiles
import SwiftProtobuf
import Synchronization
import SystemIO
import Testing
import Workload

@testable import SplitTraining

@Suite("Silent and slow devices") struct SilenceTests {
    /// A device that is stopped anywhere in its turn, in the middle of a tensor too, loses it, and the next one goes on.
    @Test(arguments: [0, 1, 2]) func aStoppedDeviceLosesItsTurn(place: Int) async throws {
        let training = SmallTraining()
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path), silenceSeconds: 3)
        let (device, end) = MemoryChannel.pair()
        let serving = Task { try await server.serve(FrameMessageChannel(end), device: "stopped") }
        let messages = FrameMessageChannel(device)
        try await messages.send(.hello(training.hello))
        try await messages.send(.turnRequest(.with { ($0.cut, $0.steps) = (2, 1) }))
        if place > 0 {
            var control = Control()
            control.kind = .microBatch(training.microBatch)
            control.tensorBytes = UInt64(4 * training.settings.microBatch.tokenCount * training.model.hiddenSize)
            try await device.send(Frame(control: try control.serializedBytes()))
        }
        if place > 1 { try await device.send([1, 2, 3, 4].withUnsafeBytes { Frame(.chunk, $0) }) }
        await #expect { try await serving.value } throws: { ($0 as? KerfError)?.code == .silent }
        #expect(try await training.train(with: server, device: "other") { _ in 2 }.count == 5)
    }

    @Test func aDeviceThatComputesForLongGivesSignsOfLife() async throws {
        let (device, server) = MemoryMessageChannel.pair()
        try await LivelyChannel.with(device, pauseSeconds: 0.1) { channel in
            // Nothing comes before the greeting.
            try await Task.sleep(for: .milliseconds(300))
            try await channel.send(.adaptersRequest(.init()))
            // It computes until the server has heard of it twice.
            var kinds: [String] = []
            while kinds.count < 3, let message = try await server.receive() { kinds.append(message.kind.name) }
            #expect(kinds == ["a request for the adapters", "a sign of life", "a sign of life"])
        }
    }

    @Test func aTrainingThatMustBeNewIsRefusedByAServerWithOne() async throws {
        let training = SmallTraining()
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        _ = try await training.train(with: server) { _ in 2 }
        var hello = training.hello
        hello.newTraining = true
        #expect(try await server.refusal(of: [.hello(hello)], device: "validating")?.code == .mismatch)
        // It left no trace.
        #expect(await server.state?.devices.keys.sorted() == ["device"])
    }

    /// What arrives while the receiver is busy is stamped when it arrived.
    @Test func arrivalsDoNotDependOnWhenTheyAreAskedFor() async throws {
        let (sender, receiver) = MemoryChannel.pair()
        let counting = CountingChannel(channel: receiver)
        for _ in 0..<3 { try await sender.send([9].withUnsafeBytes { Frame(.chunk, $0) }) }
        let (asked, arrivals) = try await ReadAheadChannel.with(counting) { channel in
            // The fourth frame is asked for when three have been stamped.
            while counting.asked.withLock(\.self) < 4 { try await Task.sleep(for: .milliseconds(1)) }
            let asked = MonotonicInstant.now()
            var arrivals: [MonotonicInstant] = []
            for _ in 0..<3 {
                _ = try await channel.receive()
                arrivals.append(channel.lastArrival)
            }
            return (asked, arrivals)
        }
        #expect(arrivals.allSatisfy { $0 <= asked } && arrivals == arrivals.sorted())
    }
}

/// Counts how often frames are asked for.
private final class CountingChannel: FrameChannel {
    private let channel: MemoryChannel
    let asked = Mutex(0)

    init(channel: MemoryChannel) { self.channel = channel }

    func send(_ frame: Frame) async throws { try await channel.send(frame) }

    func receive() async throws -> Frame? {
        asked.withLock { $0 += 1 }
        return try await channel.receive()
    }
}
