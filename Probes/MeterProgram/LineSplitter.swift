/// Divides what a program writes into lines, and keeps no more of a line than may be used.
struct LineSplitter: Sendable {
    private let maximumBytes: Int
    private var rest: [UInt8] = []

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// The lines that these bytes complete, without their ends and without empty ones. Of a line that is too long one byte
    /// too many is kept, which shows that it is.
    mutating func lines(adding bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if let line = ended() { lines.append(line) }
            } else if rest.count <= maximumBytes {
                rest.append(byte)
            }
        }
        return lines
    }

    /// The line that the program's end ends.
    mutating func ended() -> [UInt8]? {
        defer { rest.removeAll(keepingCapacity: true) }
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        return rest.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } ? nil : rest
    }
}
