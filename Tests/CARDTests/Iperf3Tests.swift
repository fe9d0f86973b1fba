import CARD
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Testing

@Suite("Links measured by iperf3")
struct Iperf3Tests {
    private func report(
        _ reverse: Int, _ rate: Double, rtt: Double? = 12_000, intervals: [Double] = [], host: String? = nil
    ) -> [UInt8] {
        let sums = intervals.map { "{\"streams\": [], \"sum\": {\"bits_per_second\": \($0), \"omitted\": false}}" }
        let sender = rtt.map { "{\"mean_rtt\": \($0), \"sender\": true}" } ?? "{}"
        let server = host.map { "\"connecting_to\": {\"host\": \"\($0)\", \"port\": 5201}," } ?? ""
        return Array(
            """
            {"start": {"version": "iperf 3.12", \(server) "test_start": {"protocol": "TCP", "reverse": \(reverse)}},
             "intervals": [\(sums.joined(separator: ", "))],
             "end": {"streams": [{"sender": \(sender)}], "sum_received": {"bits_per_second": \(rate)}}}
            """.utf8)
    }

    @Test("a plain and a reverse run give both directions, the shorter round trip and the spread of the rates")
    func twoRuns() throws {
        let link = try Link(iperf3: [
            ("down.json", report(1, 80e6, rtt: 15_000)),
            ("up.json", report(0, 20e6, rtt: 12_000, intervals: [19e6, 20e6, 21e6])),
        ])
        #expect(link.uplinkBitsPerSecond == 20e6 && link.downlinkBitsPerSecond == 80e6)
        #expect(abs(link.roundTripSeconds - 0.012) < 1e-12 && link.origin == .measured)
        // t(0.975, 2) = 4.3027, standard error 1e6 / sqrt(3).
        #expect(abs((link.uplinkRelativeHalfWidth ?? 0) - 4.3027 / 20 / 3.0.squareRoot()) < 1e-4)
        #expect(link.downlinkRelativeHalfWidth == nil)
    }

    /// Petals takes a public speed test's rate for the link's.
    @Test("a link names the server that it was measured to, and is of one server")
    func server() throws {
        let up = report(0, 20e6, host: "edge-1")
        let link = try Link(iperf3: [("up.json", up), ("down.json", report(1, 80e6, host: "edge-1"))])
        #expect(link.source == "iperf3 to edge-1")
        let error = #expect(throws: KerfError.self) {
            try Link(iperf3: [("up.json", up), ("down.json", report(1, 900e6, host: "speedtest.example"))])
        }
        #expect(error?.description.contains("edge-1, another of speedtest.example") == true)
    }

    @Test("a run in both directions at once is enough")
    func bidirectional() throws {
        let text = String(decoding: report(0, 20e6), as: UTF8.self)
        let both = text.dropLast(2) + ", \"sum_received_bidir_reverse\": {\"bits_per_second\": 7e7}}}"
        let link = try Link(iperf3: [("both.json", Array(both.utf8))])
        #expect(link.uplinkBitsPerSecond == 20e6 && link.downlinkBitsPerSecond == 70e6)
    }

    @Test("what is no such measurement is refused in one line")
    func refusals() {
        let cases: [([(String, [UInt8])], String)] = [
            ([("up.json", report(0, 20e6))], "0 of the downlink"),
            ([("a", report(0, 2e7)), ("b", report(0, 2e7))], "2 tests of the uplink"),
            ([("a", report(0, 2e7, rtt: nil)), ("b", report(1, 2e7, rtt: nil))], "round trip"),
            ([("x.json", Array("{}".utf8))], "x.json: not what iperf3"),
            ([("x.json", Array("{\"start\": {}, \"end\": {}, \"error\": \"unable to connect\"}".utf8))], "unable"),
            (
                [
                    (
                        "x.json",
                        Array(
                            "{\"start\": {\"test_start\": {\"protocol\": \"UDP\", \"reverse\": 0}}, \"end\": {}}".utf8)
                    )
                ],
                "not a TCP test"
            ),
        ]
        for (files, says) in cases {
            let error = #expect(throws: KerfError.self) { try Link(iperf3: files.map { (name: $0.0, bytes: $0.1) }) }
            #expect(error?.description.contains(says) == true, "\(String(describing: error))")
        }
    }
}
