import Glibc
import SystemIO

/// A host's name or address and a TCP port: `edge.example:4433`, `192.0.2.7:4433`, `[2001:db8::7]:4433`.
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    /// 0 to 65535.
    package let port: Int

    /// - Throws: ``KerfError/Code/invalidArgument``.
    package init(parsing text: String) throws(KerfError) {
        let shown = PlainText.quoted(text)
        guard !text.contains("://") else {
            throw KerfError(.invalidArgument, "\(shown) is a URL", remedy: "write HOST:PORT, such as edge.example:4433")
        }
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
            throw KerfError(
                .invalidArgument, "\(shown) is not HOST:PORT, such as edge.example:4433, with a port of 0 to 65535")
        }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
            guard Self.isAddress(String(host), AF_INET6) else {
                throw KerfError(.invalidArgument, "\(shown): what is in brackets is not an IPv6 address")
            }
        } else if host.contains(":") {
            throw KerfError(.invalidArgument, "\(shown): write an IPv6 address in brackets, such as [::1]:4433")
        }
        guard !host.isEmpty, host.utf8.count <= 253, PlainText.isPlain(String(host)),
            !host.contains(where: { $0.isWhitespace || "*/?#@".contains($0) })
        else { throw KerfError(.invalidArgument, "\(shown) does not name a host") }
        self.host = String(host)
        self.port = Int(port)
    }

    /// `UInt16` alone would read a sign.
    private static func port(_ text: Substring) -> UInt16? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt16(text) : nil
    }

    package var isIPv4: Bool { Self.isAddress(host, AF_INET) }
    package var isIPv6: Bool { Self.isAddress(host, AF_INET6) }

    /// Whether packets to it stay on this machine: an address of 127.0.0.0/8, ::1, or the name localhost.
    package var isLoopback: Bool { host == "localhost" || host == "::1" || (isIPv4 && host.hasPrefix("127.")) }

    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The bytes of an address of either family; `in_addr` is declared by more than one module of the transport.
    private static func isAddress(_ host: String, _ family: Int32) -> Bool {
        var address = [UInt8](repeating: 0, count: 16)
        return inet_pton(family, host, &address) == 1
    }
}
