import CARD
import Glibc
import NIOCore

extension ClientChannel {
    /// What the system tells of this connection. What it does not tell is `nil`.
    package func socket() async -> LinkSocket {
        var socket = LinkSocket()
        let state = failure.record.current
        socket.tlsVersion = state.isSecure ? "TLS 1.3" : nil
        guard let options = state.channel as? any SocketOptionProvider else { return socket }
        if let info = try? await options.getTCPInfo().get() {
            socket.tcpRoundTripSeconds = Double(info.tcpi_rtt) * 1e-6
            socket.retransmissions = Int(info.tcpi_total_retrans)
        }
        let name: EventLoopFuture<CongestionControl> = options.unsafeGetSocketOption(
            level: .tcp, name: NIOBSDSocket.Option(rawValue: CongestionControl.option))
        socket.congestionControl = (try? await name.get())?.text
        return socket
    }
}

/// A name as getsockopt(2) fills it in, for TCP_CONGESTION.
private struct CongestionControl {
    /// TCP_CONGESTION of linux/tcp.h.
    static let option: CInt = 13

    /// TCP_CA_NAME_MAX, 16 bytes, ended by zeros.
    private var name: (UInt64, UInt64) = (0, 0)

    var text: String? {
        let bytes = withUnsafeBytes(of: name) { $0.prefix { $0 != 0 } }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.isEmpty || !text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            ? nil : text
    }
}
