import CARD
import SystemIO
import Testing

/// Files as people have them: of other versions, with messages in them, of several runs, of failed tests.
@Suite("Files of iperf3")
struct Iperf3FileTests {
    private static let start =
        #"{"version": "iperf 3.17.1", "connecting_to": {"host": "edge-1"}, "test_start": {"protocol": "TCP", "reverse": 0}}"#
    private static let interval = #"{"streams": [], "sum": {"bits_per_second": 2e7, "omitted": false}}"#
    private static let end =
        #"{"streams": [{"sender": {"mean_rtt": 20000}}], "sum_received": {"bits_per_second": 2e7}, "#
        + #""sum_received_bidir_reverse": {"bits_per_second": 8e7}}"#
    /// A sound test of both directions, on four lines.
    private static let sound = "{\"start\": \(start),\n\"intervals\": [\(interval)],\n\"end\": \(end)\n}"

    private func link(_ text: String) throws(KerfError) -> Link {
        try Link(iperf3: [(name: "run.json", bytes: Array(text.utf8))])
    }

    private func refusal(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let error = try #require(throws: KerfError.self, sourceLocation: sourceLocation) { try link(text) }
        #expect(error.code.category == .badData, sourceLocation: sourceLocation)
        #expect(error.message.hasPrefix("run.json: "), "\(error)", sourceLocation: sourceLocation)
        return error.description
    }

    @Test("a message before or after the test is refused with its line")
    func messages() throws {
        let before = try refusal("warning: JSON data length overflow\nmore\n" + Self.sound)
        #expect(before.contains("line 1 is not JSON: \"warning: JSON data length overflow\""), "\(before)")
        #expect(before.contains("the test, which starts at line 3"), "\(before)")
        for separator in ["\n", "\r\n\r\n", ""] {
            let after = try refusal(Self.sound + separator + "iperf3: error - unable to send control message: pipe\n")
            #expect(after.contains("\"iperf3: error - unable to send control message: pipe\" follows"), "\(after)")
        }
        #expect(try refusal(Self.sound + "\n\nend").contains("line 6 is not JSON"))
        let text = try refusal("Connecting to host edge-1, port 5201\n[  5] local 192.0.2.2 port 40000\n")
        #expect(text.contains("line 1 is not JSON: \"Connecting to host") && text.contains("--json"), "\(text)")
    }

    @Test("socket sizes once for each stream, as 3.2 to 3.13 write them, are read")
    func socketSizes() throws {
        let sizes = #""sock_bufsize": 0, "sndbuf_actual": 1, "rcvbuf_actual": 1, "#
        let text = Self.sound.replacing(#""test_start""#, with: sizes + sizes + #""test_start""#)
        #expect(try link(text) == link(Self.sound))
        let repeated = text.replacing("3.17.1", with: "3.7")
            .replacing("sum_received_bidir_reverse", with: "sum_received")
        #expect(try refusal(repeated).contains("end.sum_received appears twice"))
    }

    @Test("two tests in one file are refused with the line of the second")
    func twice() throws {
        for separator in ["\n", "", "\n\n"] {
            #expect(try refusal(Self.sound + separator + Self.sound).contains("holds 2 tests"))
        }
        #expect(try refusal(Self.sound + "\n" + Self.sound).contains("second from line 5 on; give one file for each"))
    }

    @Test("files without a whole test", arguments: ["", " \n\n", "\u{FEFF}"])
    func nothing(_ text: String) throws { #expect(try refusal(text).contains("is empty")) }

    @Test("a file that is cut off or holds something else")
    func other() throws {
        #expect(try refusal(String(Self.sound.dropLast(3))).contains("starts at line 1 is cut off"))
        #expect(try refusal("<!DOCTYPE html><html>").contains("web page"))
        #expect(try refusal("{\"start\u{0}\": 1}").contains("line 1 holds a byte of zero"))
        #expect(try refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n").contains("Git LFS"))
    }

    @Test("UTF-16, as PowerShell redirects, and a byte-order mark are read")
    func encodings() throws {
        #expect(try link("\u{FEFF}" + Self.sound) == link(Self.sound))
        for lowByteFirst in [true, false] {
            let bytes = ("\u{FEFF}" + Self.sound).utf16.flatMap { unit in
                lowByteFirst ? [UInt8(unit & 0xFF), UInt8(unit >> 8)] : [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            }
            #expect(try Link(iperf3: [(name: "run.json", bytes: bytes)]) == link(Self.sound))
        }
    }

    // MARK: - Streams

    private static func event(_ name: String, _ data: String) -> String {
        "{\"event\": \"\(name)\", \"data\": \(data)}\n"
    }
    private static let stream =
        event("start", start) + event("interval", interval) + event("interval", interval) + event("interval", interval)
        + event("end", end)

    @Test("a stream of events is the test that --json writes")
    func streams() throws {
        let read = try link(Self.stream)
        #expect(read.uplinkBitsPerSecond == 2e7 && read.downlinkBitsPerSecond == 8e7)
        #expect(read.roundTripSeconds == 0.02 && read.source == "iperf3 to edge-1")
        #expect(read.uplinkRelativeHalfWidth == 0)
        // With --json-stream-full-output, and events of later versions.
        #expect(try link(Self.stream + Self.sound) == read)
        #expect(try link(Self.event("server_output_text", "\"x\"") + Self.stream) == read)
    }

    @Test("streams that are no whole test of their own are refused")
    func faultyStreams() throws {
        let unfinished = Self.event("start", Self.start) + Self.event("interval", Self.interval)
        #expect(try refusal(unfinished).contains("no event \"end\""))
        #expect(try refusal(Self.event("end", Self.end)).contains("no event \"start\""))
        #expect(try refusal(Self.stream + Self.stream).contains("two tests, the second from line 6 on"))
        #expect(try refusal(unfinished + "iperf3: interrupt\n").contains("line 3 is not JSON"))
        #expect(try refusal(unfinished + Self.event("interval", "{}")).contains("line 3 is not an event"))
        #expect(try refusal(Self.stream + Self.event("end", Self.end)).contains("line 6 follows the event \"end\""))
        #expect(try refusal(Self.stream + Self.event("interval", Self.interval)).contains("line 6 follows"))
        let noSum = unfinished + Self.event("interval", "{\"sum\": {}}")
        #expect(try refusal(noSum).contains("data.sum: no field bits_per_second"))
        let failed = Self.event("start", Self.start) + Self.event("error", "\"the server has terminated\"")
        #expect(try refusal(failed).contains("iperf3 failed: the server has terminated"))
        #expect(try refusal(failed + Self.event("end", "{}")).contains("iperf3 failed"))
    }

    // MARK: - Values

    @Test("a rate that is none is refused with file and field")
    func rates() throws {
        let noDownlink = Self.sound.replacing("8e7", with: "0")
        #expect(
            try refusal(noDownlink).contains(
                "run.json: end.sum_received_bidir_reverse.bits_per_second is 0: no data arrived"))
        let sum = #""sum_received": {"bits_per_second": "#
        for value in ["0", "0.0", "-1", "1e16"] {
            let text = Self.sound.replacing(sum + "2e7", with: sum + value)
            #expect(try refusal(text).contains("end.sum_received.bits_per_second is "))
        }
        #expect(try refusal(Self.sound.replacing("20000", with: "1e12")).contains("mean_rtt is 1000000.0 s"))
    }

    @Test(
        "a value that no test has is refused with its field",
        arguments: [
            (#"d": 2e7}, "#, #"d": null}, "#, "end.sum_received.bits_per_second: the value is missing"),
            (#"d": 2e7}, "#, #"d": "2e7"}, "#, "end.sum_received.bits_per_second: a value of the wrong type"),
            (#""sum_received": {"bits_per_second": 2e7}, "sum_received_b"#, #""sum_b"#, "has no end.sum_received"),
            (#"d": 2e7, "omitted""#, #"d": -1, "omitted""#, "intervals[0].sum.bits_per_second is -1.0"),
            (#"d": 2e7, "omitted""#, #"d": 1e300, "omitted""#, "intervals[0].sum.bits_per_second is 1e+300"),
            (#""mean_rtt": 20000"#, #""mean_rtt": -3"#, "end.streams[0].sender.mean_rtt is -3.0, below 0"),
            (#""reverse": 0"#, #""reverse": 0, "target_bitrate": 1e7"#, "target_bitrate is 10000000.0 bit/s, so"),
            (#""reverse": 0"#, #""reverse": 0, "fqrate": 5"#, "start.test_start.fqrate is 5.0 bit/s"),
            (#""reverse": 0"#, #""reverse": 2"#, "start.test_start.reverse is 2, not 0 or 1"),
            (#""reverse": 0"#, #""reverse": true"#, "start.test_start.reverse: a value of the wrong type"),
            (#""protocol": "TCP""#, #""protocol": "SCTP""#, "start.test_start.protocol is \"SCTP\""),
            (#""connecting_to""#, #""accepted_connection""#, "start.accepted_connection tells that the server"),
        ])
    func fields(_ part: String, _ replacement: String, says: String) throws {
        let text = Self.sound.replacing(part, with: replacement)
        #expect(text != Self.sound)
        let found = try refusal(text)
        #expect(found.contains(says), "\(found)")
    }

    @Test("a test that could not begin says what iperf3 says")
    func noBeginning() throws {
        #expect(try refusal("{\"error\": \"unable to connect\"}").contains("iperf3 failed: unable to connect"))
        #expect(try refusal("{\"error\": \"\"}").contains("iperf3 failed: it gives no reason"))
        #expect(try refusal("{}").contains("not what iperf3 --json writes: no field start"))
    }

    @Test("both directions under one name, as 3.7 to 3.10 write them, are refused", arguments: ["3.7", "3.10.1"])
    func repeatedKeys(_ version: String) throws {
        let text = Self.sound.replacing("3.17.1", with: version)
            .replacing("sum_received_bidir_reverse", with: "sum_received")
        let says = try refusal(text)
        #expect(says.contains("end.sum_received appears twice, again at line 3: iperf \(version) writes"), "\(says)")
        #expect(says.contains("--reverse") && says.contains("3.11 or later"), "\(says)")
    }

    @Test("any other key that appears twice is refused too, escaped or in a stream")
    func otherRepeatedKeys() throws {
        let twice = #""reverse": 0, "reverse": 1"#
        #expect(
            try refusal(Self.sound.replacing(#""reverse": 0"#, with: twice)).contains(
                "start.test_start.reverse appears twice, again at line 1, so that"))
        let escaped = Self.sound.replacing(#""reverse": 0"#, with: #""reverse": 0, "r\u0065verse": 1"#)
        #expect(try refusal(escaped).contains("appears twice"))
        #expect(try refusal(Self.stream.replacing(#""reverse": 0"#, with: twice)).contains("test_start.reverse"))
    }
}
