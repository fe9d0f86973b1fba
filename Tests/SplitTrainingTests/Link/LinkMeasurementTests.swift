import CARD
import Quantities
import SystemIO
import Testing

@testable import SplitTraining

/// The measurement of a link, against a link whose latency and rates are known.
@Suite("Link measurement")
struct LinkMeasurementTests {
    private static func profile(_ link: PlantedLink, _ plan: LinkPlan, shape: LinkShape? = nil) async throws
        -> LinkProfile
    {
        let samples = try await LinkMeasurement.run(over: link, plan: plan, clock: link)
        return LinkProfile(
            samples, plan: plan, server: try HostPort(parsing: "edge:1"), shape: shape, socket: LinkSocket(),
            settings: WireSettings(), created: "2026-01-02T03:04:05Z")
    }

    @Test("latency and rates of a known link are recovered, in every condition")
    func known() async throws {
        let link = PlantedLink(up: 20e6, down: 80e6, oneWaySeconds: 0.010)
        let profile = try await Self.profile(link, LinkPlan(budgetSeconds: 600))
        #expect(profile.laws.count == 4 && profile.origin == .measured)
        for law in profile.laws {
            let rate = law.direction == .up ? 20e6 : 80e6
            #expect(abs(try #require(law.bitsPerSecond.value) / rate - 1) < 1e-4)
            #expect(abs(try #require(law.latencySeconds.value) - 0.010) < 1e-4)
            #expect(law.points.map(\.bytes) == LinkPlan.sweep)
            for point in law.points {
                #expect(abs(try #require(point.timeSeconds.value) - (0.010 + Double(point.bytes) * 8 / rate)) < 1e-5)
                #expect(abs(try #require(point.residualRatio)) < 1e-3)
                #expect(point.sampleSeconds.count >= LinkPlan.minimumRounds)
            }
        }
        #expect(abs(try #require(profile.roundTripSeconds.value) - 0.020) < 1e-6)
        let decided = try profile.link()
        #expect(abs(decided.uplinkBitsPerSecond / 20e6 - 1) < 1e-4 && abs(decided.roundTripSeconds - 0.02) < 2e-4)
        #expect(decided.origin == .measured && decided.uplinkRelativeHalfWidth != nil)
    }

    @Test("a slow link: sizes that take too long are left out and named, sizes of training are not")
    func slow() async throws {
        let link = PlantedLink(up: 1e6, down: 1e6, oneWaySeconds: 0.001)
        let profile = try await Self.profile(link, LinkPlan(trainingSizes: [3_000_000], budgetSeconds: 60))
        let sizes = try #require(profile.laws.first).points.map(\.bytes)
        #expect(sizes.contains(3_000_000) && !sizes.contains(16 << 20))
        #expect(profile.warnings.contains { $0.contains("16777216") })
    }

    @Test("a fast link with a long latency: large sizes take no longer than small ones and are not left out")
    func far() async throws {
        let link = PlantedLink(up: 1e9, down: 1e9, oneWaySeconds: 0.05)
        let profile = try await Self.profile(link, LinkPlan(budgetSeconds: 15))
        #expect(profile.laws.allSatisfy { $0.points.map(\.bytes) == LinkPlan.sweep })
        #expect(abs(try profile.link().uplinkBitsPerSecond / 1e9 - 1) < 1e-3)
    }

    @Test("a shaped link is simulated, in the file and in the decision's link")
    func shaped() async throws {
        let shape = try LinkShape(parsing: "up=20mbit,down=80mbit,rtt=20ms")
        let link = PlantedLink(up: 20e6, down: 80e6, oneWaySeconds: 0.010)
        let profile = try await Self.profile(link, LinkPlan(budgetSeconds: 60), shape: shape)
        #expect(profile.origin == .simulated && profile.shape == shape.link)
        #expect(profile.laws.allSatisfy { $0.bitsPerSecond.origin == .simulated })
        #expect(try profile.link().origin == .simulated)
    }

    @Test("an impossible rate or latency in a profile is refused with its file and field")
    func impossible() async throws {
        let link = PlantedLink(up: 1e9, down: 1e9, oneWaySeconds: 0.01)
        let sound = try await Self.profile(link, LinkPlan(budgetSeconds: 15))
        let cases: [(Double, Double, String)] = [
            (0, 0.01, "bits_per_second of the uplink is 0.0"), (-5, 0.01, "bits_per_second of the uplink is -5.0"),
            (1e9, 1e4, "latency_seconds of both directions are 20000.0 s"),
        ]
        for (rate, latency, says) in cases {
            var damaged = sound
            for index in damaged.laws.indices {
                damaged.laws[index].bitsPerSecond = Quantity(value: rate, origin: .measured)
                damaged.laws[index].latencySeconds = Quantity(value: latency, origin: .measured)
            }
            let profile = damaged
            let error = #expect(throws: KerfError.self) { try profile.link(file: "link.json") }
            #expect(error?.code == .unusableData, "\(error as Any)")
            #expect(error?.description.hasPrefix("link.json: " + says) == true, "\(error as Any)")
        }
    }

    @Test("plans that make no sense", arguments: [([0], 30.0), ([1 << 31], 30), ([], 0), ([], .nan), ([], 1e6)])
    func badPlans(sizes: [Int], seconds: Double) {
        #expect(throws: KerfError.self) { try LinkPlan(trainingSizes: sizes, budgetSeconds: seconds) }
    }

    @Test("a measurement that is canceled ends without a result")
    func canceled() async throws {
        let link = PlantedLink(up: 1e9, down: 1e9, oneWaySeconds: 0)
        let measurement = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await LinkMeasurement.run(over: link, plan: LinkPlan(), clock: link)
        }
        await #expect(throws: CancellationError.self) { try await measurement.value }
    }

    @Test("device and server over a real connection: all sizes arrive")
    func real() async throws {
        let plan = try LinkPlan(budgetSeconds: 0.5, idleSeconds: 0)
        try await WireFixture.serving(.insecureLoopback, handler: { channel, _ in try await LinkEcho.serve(channel) }) {
            address, _ in
            let samples = try await FrameClient.connect(
                to: address, security: .insecureLoopback, method: .link, timeout: .seconds(60)
            ) {
                try await LinkMeasurement.run(over: $0, plan: plan)
            }
            #expect(!samples.roundTrips.isEmpty && samples.transfers.values.allSatisfy { $0.allSatisfy { $0 > 0 } })
            #expect(
                samples.transfers.keys.contains { $0.bytes == 4096 && $0.direction == .down && $0.condition == .warm })
        }
    }
}
