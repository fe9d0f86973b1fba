import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SystemIO

/// The device's end of an exchange.
package struct ClientChannel: FrameChannel {
    typealias Bytes = GRPCNIOTransportBytes

    private let inbound: RPCInbound<RPCResponsePart<Bytes>>
    private let outbound: RPCWriter<RPCRequestPart<Bytes>>.Closable
    let failure: ConnectionFailure

    init(
        _ inbound: RPCInbound<RPCResponsePart<Bytes>>, _ outbound: RPCWriter<RPCRequestPart<Bytes>>.Closable,
        _ failure: ConnectionFailure
    ) {
        self.inbound = inbound
        self.outbound = outbound
        self.failure = failure
    }

    package func send(_ frame: Frame) async throws {
        do { try await outbound.write(.message(frame.message)) } catch { throw failure.error(for: error) }
    }

    package func receive() async throws -> Frame? {
        do {
            switch try await inbound.next() {
            case .message(let bytes): return try Frame(received: bytes)
            case .status(let status, _):
                try failure.check(status)
                return nil
            case .metadata: throw KerfError(.malformed, "metadata in the middle of an exchange")
            case nil: return nil
            }
        } catch { throw failure.error(for: error) }
    }

    /// Ends the exchange in order and waits for the server's end. What the server still sends is dropped.
    func finish() async throws {
        await outbound.finish()
        while try await receive() != nil {}
    }
}
