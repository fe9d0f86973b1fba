import SystemIO
import Testing

@testable import SplitTraining

/// Tensors in chunks.
@Suite("Tensors of the wire")
struct TensorTests {
    private static func received(_ sent: [Frame], bytes: Int) async throws -> [UInt8] {
        let (device, server) = MemoryChannel.pair()
        for frame in sent { try await device.send(frame) }
        device.finish()
        return try await FrameMessageChannel(server).receiveTensor(byteCount: bytes)
    }

    private static func chunk(_ bytes: [UInt8]) -> Frame { bytes.withUnsafeBytes { Frame(.chunk, $0) } }

    @Test(
        "any size arrives as it was, in chunks of at most 1 MiB", arguments: [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
    func sizes(bytes: Int) async throws {
        let tensor = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let (device, server) = MemoryChannel.pair()
        try await FrameMessageChannel(device).send(.adapters(.init()), tensor: tensor)
        device.finish()
        #expect(try await server.receive()?.kind == .control)
        var (frames, arrived) = ([Frame](), [UInt8]())
        while let frame = try await server.receive() {
            frames.append(frame)
            arrived += frame.payload
        }
        #expect(arrived == tensor)
        #expect(frames.count == (bytes + (1 << 20) - 1) >> 20 && frames.allSatisfy { $0.kind == .chunk })
        #expect(try await Self.received(frames, bytes: bytes) == tensor)
    }

    @Test("chunks of any size make up a tensor")
    func uneven() async throws {
        let frames = [[1], [2, 3, 4], [5, 6]].map(Self.chunk)
        #expect(try await Self.received(frames, bytes: 6) == [1, 2, 3, 4, 5, 6])
    }

    @Test("a chunk too many is refused")
    func tooMany() async throws {
        await #expect { try await Self.received([[1, 2], [3, 4, 5]].map(Self.chunk), bytes: 4) } throws: {
            ($0 as? KerfError)?.code == .protocolViolation
        }
    }

    @Test("a tensor that ends early, an empty chunk, a control message inside")
    func broken() async throws {
        await #expect { try await Self.received([Self.chunk([1])], bytes: 2) } throws: {
            ($0 as? KerfError)?.code == .connectionLost
        }
        let control = try Frame(control: [1])
        for frame in [Self.chunk([]), control] {
            await #expect { try await Self.received([frame], bytes: 2) } throws: {
                ($0 as? KerfError)?.code == .protocolViolation
            }
        }
    }
}
