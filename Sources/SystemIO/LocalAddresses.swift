import Glibc

/// The addresses of this machine's network interfaces (getifaddrs(3)).
package enum LocalAddresses {
    /// Whether a host is this machine: its name or address leads to an address of one of the interfaces, or to one of
    /// 127.0.0.0/8.
    ///
    /// - Parameter host: a name, or an IPv4 or IPv6 address without brackets. One that is not known is not this machine.
    package static func contains(_ host: String) -> Bool {
        let found = addresses(of: host)
        return found.contains { $0.hasPrefix("127.") } || !found.isDisjoint(with: own)
    }

    private static var own: Set<String> {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0, let first else { return [] }
        defer { freeifaddrs(first) }
        return Set(sequence(first: first) { $0.pointee.ifa_next }.compactMap { numeric($0.pointee.ifa_addr) })
    }

    private static func addresses(of host: String) -> Set<String> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &first) == 0, let first else { return [] }
        defer { freeaddrinfo(first) }
        return Set(sequence(first: first) { $0.pointee.ai_next }.compactMap { numeric($0.pointee.ai_addr) })
    }

    /// An address as text, without the interface of a link-local one; `nil` for other families than IPv4 and IPv6.
    private static func numeric(_ address: UnsafeMutablePointer<sockaddr>?) -> String? {
        guard let address else { return nil }
        let size: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: size = MemoryLayout<sockaddr_in>.size
        case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, socklen_t(size), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        let name = text.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "%")) }.map { UInt8(bitPattern: $0) }
        let host = String(decoding: name, as: UTF8.self)
        // An IPv4 address in a socket of IPv6.
        return host.hasPrefix("::ffff:") ? String(host.dropFirst("::ffff:".count)) : host
    }
}
