import CARD
import Statistics
import SystemIO

/// Measures a link from the device's side, by its clock alone.
///
/// One upload takes from its first byte to the server's acknowledgment, less half an empty round trip; one download
/// from its request to the last byte, less the same. The two halves of a round trip are taken as equal, which no
/// clock on one side can check; their sum is right in any case.
package struct LinkMeasurement: Sendable {
    /// A cell of the table: what is repeated.
    package struct Cell: Sendable, Hashable {
        var bytes: Int
        var direction: LinkDirection
        var condition: LinkCondition
    }

    /// Raw times in seconds, empty round trips not subtracted.
    package struct Samples: Sendable {
        package var roundTrips: [Double] = []
        package var transfers: [Cell: [Double]] = [:]
        /// Sizes that were left out, since they take too long.
        package var omittedSizes: [Int] = []
    }

    private let channel: any FrameChannel
    private let clock: any WireClock
    private let plan: LinkPlan
    /// The longest transfer's bytes.
    private let payload: [UInt8]

    private init(_ channel: any FrameChannel, _ plan: LinkPlan, _ clock: any WireClock) {
        self.channel = channel
        self.plan = plan
        self.clock = clock
        payload = [UInt8](repeating: 0x5a, count: plan.sizes.last ?? 0)
    }

    /// - Throws: `CancellationError`, and what the channel throws.
    package static func run(
        over channel: any FrameChannel, plan: LinkPlan, clock: any WireClock = RealWireClock()
    ) async throws -> Samples {
        try await LinkMeasurement(channel, plan, clock).run()
    }

    /// In each direction a cold and a warm transfer, each with an acknowledgment or a request, and an empty round trip.
    private static let roundTripsPerSize = 6

    private func run() async throws -> Samples {
        var samples = Samples()
        let start = clock.now()
        var sizes: [Int] = []
        for bytes in plan.sizes {
            let began = clock.now()
            for direction in LinkDirection.allCases {
                try await measure(bytes, direction, into: &samples)
            }
            sizes.append(bytes)
            // What the bytes take. Latency alone says nothing of larger sizes.
            let latency = Double(Self.roundTripsPerSize) * (samples.roundTrips.min() ?? 0)
            let share = (seconds(since: began) - 2 * plan.idleSeconds - latency) / plan.budgetSeconds
            if share > LinkPlan.maximumShare {
                samples.omittedSizes = plan.sizes.filter { $0 > bytes && !plan.requiredSizes.contains($0) }
                sizes += plan.sizes.filter { $0 > bytes && plan.requiredSizes.contains($0) }
                break
            }
        }
        var generator = SeededGenerator(seed: plan.seed)
        let visits = sizes.flatMap { bytes in LinkDirection.allCases.map { (bytes, $0) } }
        for round in 1..<LinkPlan.maximumRounds {
            for (bytes, direction) in visits.shuffled(using: &generator) {
                if round >= LinkPlan.minimumRounds, seconds(since: start) > plan.budgetSeconds { return samples }
                try await measure(bytes, direction, into: &samples)
            }
        }
        return samples
    }

    /// A cold transfer and a warm one after it, and an empty round trip.
    private func measure(
        _ bytes: Int, _ direction: LinkDirection, into samples: inout Samples
    ) async throws {
        try Task.checkCancellation()
        try await clock.sleep(until: clock.now() + Int64(plan.idleSeconds * 1e9))
        for condition in LinkCondition.allCases {
            let cell = Cell(bytes: bytes, direction: direction, condition: condition)
            samples.transfers[cell, default: []].append(try await transfer(bytes, direction))
        }
        samples.roundTrips.append(try await roundTrip())
    }

    private func roundTrip() async throws -> Double {
        let start = clock.now()
        try await channel.send(Frame(control: LinkMessage(.ping).encoded))
        try await expectDone(0)
        return seconds(since: start)
    }

    private func transfer(_ bytes: Int, _ direction: LinkDirection) async throws -> Double {
        let start = clock.now()
        switch direction {
        case .up:
            try await channel.send(Frame(control: LinkMessage(.upload, bytes: UInt64(bytes)).encoded))
            var sent = 0
            while sent < bytes {
                let end = min(sent + Frame.maximumPayload, bytes)
                try await channel.send(payload.withUnsafeBytes { Frame(.chunk, .init(rebasing: $0[sent..<end])) })
                sent = end
            }
            try await expectDone(UInt64(bytes))
        case .down:
            try await channel.send(Frame(control: LinkMessage(.download, bytes: UInt64(bytes)).encoded))
            try await channel.dropChunks(UInt64(bytes))
        }
        return seconds(since: start)
    }

    private func expectDone(_ bytes: UInt64) async throws {
        guard try await LinkMessage(decoding: channel.receiveControl()) == LinkMessage(.done, bytes: bytes) else {
            throw KerfError(.malformed, "the server's answer belongs to another transfer")
        }
    }

    private func seconds(since start: Int64) -> Double { Double(clock.now() - start) * 1e-9 }
}
