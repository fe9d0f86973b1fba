import FoundationEssentials
import SystemIO

/// A file that iperf3 wrote: one test as JSON, or as a stream of events (`--json-stream`).
///
/// What was written before or after the test is refused with its line: a message of iperf3 in the file means that the
/// test may have failed. Sources: iperf3(1), `--json` and `--json-stream`; esnet/iperf issues 952 and 1196.
struct Iperf3File {
    /// Safe to show.
    let name: String
    private let text: [UInt8]

    static let remedy = "run iperf3 --json --client SERVER on the device, once plain and once with --reverse"

    /// - Throws: ``KerfError/Code/incomplete`` for what is no text.
    init(_ bytes: [UInt8], named name: String) throws(KerfError) {
        self.name = PlainText.shown(name)
        guard let text = TextBytes.utf8(bytes) else {
            throw KerfError(.incomplete, "\(self.name): has the mark of UTF-16, but is not UTF-16")
        }
        self.text = text
        if let foreign = ForeignContent(text) {
            throw KerfError(.incomplete, "\(self.name): \(foreign.message)", remedy: foreign.remedy)
        }
        if let offset = text.firstIndex(of: 0) {
            throw refusal(
                "line \(line(of: offset)) holds a byte of zero, as UTF-16 without its mark has",
                remedy: "save the file as UTF-8")
        }
    }

    /// - Throws: ``KerfError/Code/incomplete`` with the file's name and, where there is one, the line.
    func report() throws(KerfError) -> Iperf3Report {
        let parts = try documents()
        for part in parts { try checkKeys(of: part) }
        if event(parts[0]) != nil { return try Iperf3Stream(self, parts).report() }
        guard parts.count == 1 else {
            throw refusal(
                "holds \(parts.count) tests, the second from line \(line(of: parts[1].lowerBound)) on",
                remedy: "give one file for each run; iperf3 --logfile adds to a file that exists")
        }
        // A test that could not begin has no other fields.
        struct Failed: Decodable { var error: String? }
        if let error = decode(Failed.self, parts[0])?.error { throw failure(error) }
        return try decode(Iperf3Report.self, parts[0], orSay: "not what iperf3 --json writes")
    }

    /// The error of a test that failed, with what iperf3 says of it.
    func failure(_ reason: String) -> KerfError {
        let shown = reason.isEmpty ? "it gives no reason" : PlainText.shown(reason)
        return refusal("iperf3 failed: \(shown)", remedy: Self.remedy)
    }

    /// The kind of a stream's event; `nil` for what is no event.
    func event(_ part: Range<Int>) -> String? {
        struct Event: Decodable { var event: String? }
        return decode(Event.self, part)?.event
    }

    /// `nil` for JSON without the fields of the type.
    func decode<Value: Decodable>(_ type: Value.Type, _ part: Range<Int>) -> Value? {
        try? decoder.decode(type, from: Data(text[part]))
    }

    /// - Throws: ``KerfError/Code/incomplete`` with the message and the field for JSON without the fields of the type.
    func decode<Value: Decodable>(
        _ type: Value.Type, _ part: Range<Int>, orSay message: String
    ) throws(KerfError) -> Value {
        do {
            return try decoder.decode(type, from: Data(text[part]))
        } catch {
            throw refusal("\(message): \(KerfJSON.fault(error))", remedy: Self.remedy)
        }
    }

    private var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    func line(of offset: Int) -> Int { TextBytes.line(of: offset, in: text) }

    func refusal(_ message: String, remedy: String) -> KerfError {
        KerfError(.incomplete, "\(name): \(message)", remedy: .text(remedy))
    }

    // MARK: - Parts

    /// The places of the JSON objects in the file; at least one.
    private func documents() throws(KerfError) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var position = 0
        while let start = text[position...].firstIndex(where: { !Self.isSpace($0) }) {
            guard text[start] == UInt8(ascii: "{") else { throw stray(at: start, follows: !parts.isEmpty) }
            guard let end = JSONOutline(text, from: start).end else {
                throw refusal(
                    "the JSON that starts at line \(line(of: start)) is cut off, or is not valid", remedy: Self.remedy)
            }
            parts.append(start..<end)
            position = end
        }
        guard !parts.isEmpty else { throw refusal("is empty: iperf3 wrote nothing into it", remedy: Self.remedy) }
        return parts
    }

    /// A line that is not JSON: before the test, after it, or in a file without any.
    private func stray(at offset: Int, follows: Bool) -> KerfError {
        let rest = text[offset...]
        let words = String(decoding: rest.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        let message = "line \(line(of: offset)) is not JSON: \(PlainText.quoted(words, limit: 80))"
        if follows {
            return refusal(message + " follows the test, which may have failed", remedy: "run the test again")
        }
        // The next line that starts an object, as iperf3 writes one.
        let next = rest.indices.first { rest[$0] == UInt8(ascii: "{") && $0 > offset && rest[$0 - 1] == 0x0A }
        guard let next else { return refusal(message, remedy: Self.remedy) }
        return refusal(
            message + " stands before the test, which starts at line \(line(of: next))",
            remedy: "delete what stands before it if the test was sound, and keep standard error out of the file")
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    // MARK: - Repeated keys

    /// iperf3 3.2 to 3.13 write these in `start` once for each stream; nothing here reads them.
    private static let keysOfEachStream: Set<String> = ["sock_bufsize", "sndbuf_actual", "rcvbuf_actual"]

    /// iperf3 3.7 to 3.10 write the two directions of a `--bidir` test under the same names; 3.11 gives the second one
    /// names of its own.
    private func checkKeys(of part: Range<Int>) throws(KerfError) {
        guard let key = JSONOutline(text, from: part.lowerBound, ignoring: Self.keysOfEachStream).repeatedKey
        else { return }
        let message = "\(key.place) appears twice, again at line \(key.line)"
        struct Head: Decodable {
            struct Start: Decodable { var version: String? }
            var start: Start?
        }
        let version = decode(Head.self, part)?.start?.version.map { PlainText.shown($0, limit: 40) }
        let isSum = key.place.split(separator: ".").last?.hasPrefix("sum") == true
        guard isSum, let version, Self.repeatsKeys(version) else {
            throw refusal(message + ", so that it is not known which of the two holds", remedy: Self.remedy)
        }
        throw refusal(
            message + ": \(version) writes both directions of --bidir under the same names, as 3.7 to 3.10 do, "
                + "so that they cannot be told apart",
            remedy: Self.remedy + ", or use --bidir of iperf3 3.11 or later")
    }

    /// - Parameter version: `iperf 3.7`, `iperf 3.10.1+`.
    private static func repeatsKeys(_ version: String) -> Bool {
        guard let number = version.split(separator: " ").last else { return false }
        let parts = number.split(separator: ".")
        guard parts.count >= 2, parts[0] == "3" else { return false }
        return Int(parts[1].prefix { ("0"..."9").contains($0) }).map { (7...10).contains($0) } ?? false
    }
}
