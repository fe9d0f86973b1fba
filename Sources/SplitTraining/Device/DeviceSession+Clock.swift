import Instrumentation
import SystemIO

extension DeviceSession {
    /// Exchanges of which the fastest counts: it waited least.
    private static let clockExchanges = 3
    /// Most intervals that a server records of one micro-batch, and of a turn besides.
    private static let intervalsPerMicroBatch = 16
    private static let intervalsPerTurn = 256

    /// How far the server's clock is ahead.
    func clockOffset() async throws -> ClockOffset {
        var best: ClockOffset?
        for _ in 0..<Self.clockExchanges {
            let asked = MonotonicInstant.now()
            try await channel.send(.clockRequest(.init()))
            let (answer, _) = try await channel.expect("the server's time") {
                if case .clockAnswer(let answer) = $0 { answer } else { nil }
            }
            let offset = ClockOffset(
                asked: asked, received: MonotonicInstant(answer.received), sent: MonotonicInstant(answer.sent),
                answered: .now())
            if best.map({ offset.errorNanoseconds < $0.errorNanoseconds }) ?? true { best = offset }
        }
        return best ?? ClockOffset(nanoseconds: 0, errorNanoseconds: .max)
    }

    /// What the server did in a turn.
    ///
    /// - Parameters:
    ///   - byteCount: as announced.
    ///   - steps: of the turn.
    func serverIntervals(byteCount: UInt64, steps: Int) async throws -> [ActivityInterval] {
        let batches = steps * job.settings.microBatches + job.validation.count * 2 * job.settings.microBatches
        let limit = (Self.intervalsPerMicroBatch * batches + Self.intervalsPerTurn) * IntervalBytes.size
        guard byteCount <= UInt64(limit), Int(byteCount).isMultiple(of: IntervalBytes.size) else {
            throw KerfError(.protocolViolation, "the server's record of a turn has \(byteCount) bytes")
        }
        guard byteCount > 0 else { return [] }
        return try IntervalBytes.intervals(try await channel.receiveTensor(byteCount: Int(byteCount)))
    }
}
