import SystemIO

/// Who a server talks to, and about what.
package struct WirePeer: Sendable {
    /// The device's name, from its certificate; `insecure` without TLS.
    package var name: String
    /// `ipv4:192.0.2.7:50123`
    package var address: String
    package var method: SplitMethod
    /// Checks its certificate again, for an exchange that lasts.
    ///
    /// - Throws: ``KerfError`` where it is no longer accepted: it was revoked meanwhile.
    package var checkAgain: @Sendable () throws -> Void = {}

    /// Whether the device runs on this box too.
    package var isOnThisBox: Bool {
        guard let kind = address.firstIndex(of: ":") else { return false }
        let hostAndPort = address[address.index(after: kind)...]
        guard let colon = hostAndPort.lastIndex(of: ":") else { return false }
        let host = hostAndPort[..<colon]
        return LocalAddresses.contains(host.filter { $0 != "[" && $0 != "]" })
    }
}
