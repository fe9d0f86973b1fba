import CARD
import Statistics
import SystemIO
import Testing

@testable import SplitTraining

/// The control message of the method Link, and the server's answers to what is not one.
@Suite("Link messages")
struct LinkMessageTests {
    @Test("the bytes are protobuf's")
    func encoding() throws {
        #expect(LinkMessage(.ping).encoded == [0x08, 1])
        #expect(LinkMessage(.upload, bytes: 300).encoded == [0x08, 2, 0x10, 0xac, 0x02])
        for operation in LinkMessage.Operation.allCases {
            for bytes in [0, 1, 127, 128, 16_384, LinkMessage.maximumBytes] {
                let message = LinkMessage(operation, bytes: bytes)
                #expect(try LinkMessage(decoding: message.encoded) == message)
            }
        }
    }

    @Test(
        "what is no message is refused",
        arguments: [
            [], [0x08], [0x08, 0], [0x08, 9], [0x10, 1], [0x08, 1, 0x08, 1], [0x08, 1, 0x1a, 0], [0x08, 0x80],
            [0x08, 2, 0x10, 0x81, 0x80, 0x80, 0x80, 0x04],
            [0x08, 2, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(throws: KerfError.self) { try LinkMessage(decoding: bytes) }
    }

    @Test("random bytes are a message or refused")
    func random() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let bytes = (0..<Int(generator.next() % 8)).map { _ in UInt8(truncatingIfNeeded: generator.next()) & 0x9b }
            guard let message = try? LinkMessage(decoding: bytes) else { continue }
            #expect(message.bytes <= LinkMessage.maximumBytes)
        }
    }

    @Test("the server refuses what breaks the order of a measurement")
    func order() async throws {
        func error(_ frames: [Frame]) async throws -> KerfError.Code? {
            let (device, server) = MemoryChannel.pair()
            for frame in frames { try await device.send(frame) }
            device.finish()
            do {
                try await LinkEcho.serve(server)
                return nil
            } catch { return (error as? KerfError)?.code }
        }
        let upload = try Frame(control: LinkMessage(.upload, bytes: 3).encoded)
        func chunk(_ count: Int) -> Frame { [UInt8](repeating: 0, count: count).withUnsafeBytes { Frame(.chunk, $0) } }
        #expect(try await error([upload, chunk(1), chunk(2)]) == nil)
        #expect(try await error([chunk(1)]) == .malformed)
        #expect(try await error([upload, chunk(4)]) == .malformed)
        #expect(try await error([upload, upload]) == .malformed)
        #expect(try await error([upload, chunk(0)]) == .malformed)
        #expect(try await error([upload, chunk(1)]) == .connectionLost)
        #expect(try await error([try Frame(control: LinkMessage(.done).encoded)]) == .malformed)
    }
}
