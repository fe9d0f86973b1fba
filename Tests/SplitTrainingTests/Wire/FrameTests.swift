import GRPCNIOTransportHTTP2Posix
import Testing

@testable import SplitTraining

@Suite("Frames") struct FrameTests {
    /// Chunks of tensors are read where the transport put them. A small message is copied: as a slice it would keep a
    /// buffer of the connection in memory, and a device that waits for its turn sends many.
    @Test(arguments: [(3, true), (1 << 14, true), (1 << 15, false), (1 << 20, false)])
    func onlySmallMessagesAreCopied(bytes: Int, isCopied: Bool) throws {
        let message = GRPCNIOTransportBytes(repeating: Frame.Kind.chunk.rawValue, count: bytes)
        let frame = try Frame(received: message)
        let places = [message, frame.message].map { $0.withUnsafeBytes { $0.baseAddress } }
        #expect((places[0] != places[1]) == isCopied)
        #expect(frame.payload == [UInt8](repeating: Frame.Kind.chunk.rawValue, count: bytes - 1))
    }
}
