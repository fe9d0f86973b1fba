import Testing

/// HTTP/2 frames by hand (RFC 9113), to read settings and to send what no client of Kerf sends.
struct RawHTTP2 {
    let socket: RawSocket

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    struct Frame {
        var kind: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]

        static let (data, headers, settings, windowUpdate): (UInt8, UInt8, UInt8, UInt8) = (0, 1, 4, 8)

        var bytes: [UInt8] {
            let count = payload.count
            let length = [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
            return length + [kind, flags] + RawHTTP2.bytes(stream) + payload
        }
    }

    func write(_ frame: Frame) throws { try socket.write(frame.bytes) }

    /// `nil` at the end of the connection.
    func read() async -> Frame? {
        let head = await socket.read(9)
        guard head.count == 9 else { return nil }
        let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
        return Frame(kind: head[3], flags: head[4], stream: Self.number(head[5..<9]), payload: await socket.read(count))
    }

    /// Identifiers and values of a settings frame.
    static func settings(_ frame: Frame) -> [UInt16: UInt32] {
        var settings: [UInt16: UInt32] = [:]
        for start in stride(from: 0, to: frame.payload.count - 5, by: 6) {
            let bytes = frame.payload[start..<start + 6]
            settings[UInt16(number(bytes.prefix(2)))] = number(bytes.dropFirst(2))
        }
        return settings
    }

    /// Opens a call of the method `Exchange` on stream 1.
    func open() throws { try socket.write(Self.opening) }

    /// The bytes that open a call of the method `Exchange` on stream 1.
    static var opening: [UInt8] {
        let headers = [
            (":method", "POST"), (":scheme", "http"), (":path", "/kerf.split.v1.Split/Exchange"),
            (":authority", "kerf"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ]
        // Literal header fields without indexing (RFC 7541, 6.2.2).
        let block = headers.flatMap { (name, value) -> [UInt8] in
            return [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return preface + Frame(kind: Frame.settings, flags: 0, stream: 0, payload: []).bytes
            + Frame(kind: Frame.headers, flags: 4, stream: 1, payload: block).bytes
    }

    /// Reads until the peer opens the call, or accepts it.
    func waitForHeaders() async throws {
        while try #require(await read()).kind != Frame.headers {}
    }

    /// - Parameter data: gRPC messages: a flag, a length of four bytes, and the message.
    func send(_ data: [UInt8], ends: Bool = false) throws {
        try write(Frame(kind: Frame.data, flags: ends ? 1 : 0, stream: 1, payload: data))
    }

    private static func bytes(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(number >> (24 - 8 * $0) & 255) } }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
