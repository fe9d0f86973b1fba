import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SystemIO

/// The server's end of an exchange.
struct ServerChannel: FrameChannel {
    typealias Bytes = GRPCNIOTransportBytes

    private let inbound: RPCInbound<RPCRequestPart<Bytes>>
    private let outbound: RPCWriter<RPCResponsePart<Bytes>>.Closable
    private let peer: String

    init(
        _ inbound: RPCInbound<RPCRequestPart<Bytes>>, _ outbound: RPCWriter<RPCResponsePart<Bytes>>.Closable,
        peer: String
    ) {
        self.inbound = inbound
        self.outbound = outbound
        self.peer = peer
    }

    func send(_ frame: Frame) async throws {
        do { try await outbound.write(.message(frame.message)) } catch { throw lost(error) }
    }

    func receive() async throws -> Frame? {
        do {
            switch try await inbound.next() {
            case .message(let bytes): return try Frame(received: bytes)
            case .metadata: throw KerfError(.malformed, "metadata in the middle of an exchange")
            case nil: return nil
            }
        } catch { throw lost(error) }
    }

    private func lost(_ error: any Error) -> any Error {
        if error is CancellationError || error is KerfError { return error }
        if (error as? RPCError)?.isUndecodable == true { return KerfError(.malformed, at: peer, Frame.undecodable) }
        return KerfError(.connectionLost, at: peer, "the connection ended in the middle of an exchange")
    }
}
