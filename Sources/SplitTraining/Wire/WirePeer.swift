import SystemIO

/// Who a server talks to, and about what.
package struct WirePeer: Sendable, Hashable {
    /// The device's name, from its certificate; `insecure` without TLS.
    package var name: String
    /// `ipv4:192.0.2.7:50123`
    package var address: String
    package var method: SplitMethod

    /// Whether the device runs on this box too.
    package var isOnThisBox: Bool {
        guard let kind = address.firstIndex(of: ":") else { return false }
        let hostAndPort = address[address.index(after: kind)...]
        guard let colon = hostAndPort.lastIndex(of: ":") else { return false }
        let host = hostAndPort[..<colon]
        return LocalAddresses.contains(host.filter { $0 != "[" && $0 != "]" })
    }
}
