import CARD
import Quantities
import SystemIO
import TestSupport
import Testing

@testable import SplitTraining

/// The schema of link.json and its Swift type require the same fields.
@Suite("Link schema and type", .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
struct LinkSchemaTests {
    private static func profile(shape: LinkShape?, socket: LinkSocket, rounds: Int) throws -> LinkProfile {
        var samples = LinkMeasurement.Samples()
        samples.omittedSizes = [1 << 24]
        for bytes in [4096, 16_384, 65_536, 262_144] {
            for direction in LinkDirection.allCases {
                for condition in LinkCondition.allCases {
                    let cell = LinkMeasurement.Cell(bytes: bytes, direction: direction, condition: condition)
                    samples.transfers[cell] = (0..<rounds).map { 0.01 + Double(bytes) * 1e-6 + Double($0) * 1e-4 }
                }
            }
        }
        samples.roundTrips = [0.01, 0.012, 0.011]
        return LinkProfile(
            samples, plan: try LinkPlan(trainingSizes: [262_144]), server: try HostPort(parsing: "edge:1"),
            shape: shape,
            socket: socket, settings: WireSettings(), created: "2026-01-02T03:04:05Z")
    }

    @Test("measured with TLS, and shaped without anything known of the socket")
    func agreement() throws {
        let socket = LinkSocket(
            congestionControl: "cubic", tcpRoundTripSeconds: 0.01, retransmissions: 0, tlsVersion: "TLS 1.3")
        let shape = try LinkShape(parsing: "up=20mbit,down=80mbit,rtt=20ms")
        var declared = shape.link
        (declared.source, declared.uplinkRelativeHalfWidth, declared.downlinkRelativeHalfWidth) = ("note", 0.1, 0.1)
        let samples = [
            try Self.profile(shape: nil, socket: socket, rounds: 8),
            try Self.profile(shape: LinkShape(declared), socket: LinkSocket(), rounds: 1),
        ]
        #expect(try SchemaAgreement.faults(of: samples, schema: "link") == [])
    }
}
