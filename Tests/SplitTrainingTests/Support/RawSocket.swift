import Dispatch
import Glibc
import Testing

/// A TCP socket on loopback, for bytes that no client of Kerf sends. It waits on threads of its own, since the task
/// runtime has as few as one.
final class RawSocket: Sendable {
    private let descriptor: Int32
    /// The own port of a listener.
    let port: Int

    private init(_ descriptor: Int32, port: Int = 0) {
        self.descriptor = descriptor
        self.port = port
    }

    deinit { close(descriptor) }

    static func connected(to port: Int) throws -> RawSocket {
        let descriptor = try make()
        try #require(withAddress(port) { connect(descriptor, $0, $1) } == 0)
        return RawSocket(descriptor)
    }

    static func listening() throws -> RawSocket {
        let descriptor = try make()
        try #require(withAddress(0) { bind(descriptor, $0, $1) } == 0 && listen(descriptor, 8) == 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        try #require(named == 0)
        return RawSocket(descriptor, port: Int(UInt16(bigEndian: address.sin_port)))
    }

    func accepted() async throws -> RawSocket {
        let connection = await waiting { accept(self.descriptor, nil, nil) }
        try #require(connection >= 0)
        return RawSocket(connection)
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
    }

    /// Exactly `count` bytes, or fewer at the end.
    func read(_ count: Int) async -> [UInt8] {
        await waiting {
            var bytes: [UInt8] = []
            while bytes.count < count {
                var part = [UInt8](repeating: 0, count: count - bytes.count)
                let length = Glibc.recv(self.descriptor, &part, part.count, 0)
                guard length > 0 else { break }
                bytes += part[..<length]
            }
            return bytes
        }
    }

    private func waiting<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { done in
            DispatchQueue.global().async { done.resume(returning: work()) }
        }
    }

    private static func make() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
