import SystemIO

extension KerfError.Code {
    /// No connection to the peer could be made.
    package static let unreachable = KerfError.Code("unreachable", .unavailable)
    /// The peer does not accept this side: its certificate, or what it asked for.
    package static let refusedByPeer = KerfError.Code("refused_by_peer", .permission)
    /// This side does not accept the peer: its certificate.
    package static let untrustedPeer = KerfError.Code("untrusted_peer", .permission)
    /// The connection ended in the middle of an exchange.
    package static let connectionLost = KerfError.Code("connection_lost", .inputOutput)
}
