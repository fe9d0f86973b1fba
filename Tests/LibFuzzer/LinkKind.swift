import CARD
import Statistics
import SystemIO
import TestSupport

/// What `iperf3 --json` writes: as the only file, and with a sound one of the other direction.
struct LinkKind: InputKind {
    let name = "iperf3"

    func seeds() -> [[UInt8]] {
        [Self.report(reverse: 0), Self.report(reverse: 1), Self.report(reverse: 0, both: true)]
    }

    func words() -> Set<String> {
        SchemaWords.values.union([
            "\"error\"", "\"TCP\"", "\"UDP\"", "\"sum_received_bidir_reverse\"", "\"sum_bidir_reverse\"",
            "\"mean_rtt\"", "\"omitted\"", "\"connecting_to\"", "\"bits_per_second\"",
        ])
    }

    func attempt(_ bytes: [UInt8]) throws {
        for (name, other) in [("up.json", 1), ("down.json", 0)] {
            // A file that lacks one direction may still hold the other.
            Finding.watch {
                try Self.check(Link(iperf3: [(name, bytes), ("other.json", Self.report(reverse: other))]))
            }
        }
        try Self.check(Link(iperf3: [("both.json", bytes)]))
    }

    private static func check(_ link: Link) {
        let values = [link.uplinkBitsPerSecond, link.downlinkBitsPerSecond]
        Finding.require(values.allSatisfy { $0 > 0 && $0.isFinite }, "rates of \(values)")
        Finding.require(link.roundTripSeconds >= 0 && link.roundTripSeconds.isFinite, "\(link.roundTripSeconds) s")
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.json(bytes, maximum: maximum, using: &random)
    }

    /// One value a line, so that the mutations of JSON work on it.
    private static func report(reverse: Int, both: Bool = false) -> [UInt8] {
        let backward =
            both ? ",\n    \"sum_received_bidir_reverse\": {\n      \"bits_per_second\": 70000000\n    }" : ""
        return Array(
            """
            {
              "start": {
                "version": "iperf 3.12",
                "connecting_to": {
                  "host": "edge-1",
                  "port": 5201
                },
                "test_start": {
                  "protocol": "TCP",
                  "reverse": \(reverse)
                }
              },
              "intervals": [
                { "sum": { "bits_per_second": 19000000, "omitted": false } },
                { "sum": { "bits_per_second": 20000000, "omitted": false } },
                { "sum": { "bits_per_second": 21000000, "omitted": false } }
              ],
              "end": {
                "streams": [
                  { "sender": { "mean_rtt": 12000, "sender": true } }
                ],
                "sum_received": {
                  "bits_per_second": 20000000
                }\(backward)
              }
            }
            """.utf8)
    }
}
