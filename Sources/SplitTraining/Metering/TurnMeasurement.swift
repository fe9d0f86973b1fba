import CARD
import Instrumentation
import SystemIO

/// What was observed of one committed turn.
package struct TurnMeasurement: Sendable, Hashable {
    /// By the device's clock.
    package var device: [ActivityInterval] = []
    /// By the server's clock.
    package var server: [ActivityInterval] = []
    /// Of both directions, in the order of their ends.
    package var transfers: [ObservedTransfer] = []
    package var offset = ClockOffset(nanoseconds: 0, errorNanoseconds: 0)
    /// The frequency that the server was set to, in hertz; nil where it was left as it was.
    package var serverHertz: Double?
    /// Why a side's turn is not like others; nil where it is.
    package var deviceDisturbance: String?
    package var serverDisturbance: String?
    /// Time of the reference loop, in seconds, the longer of those before and after the turn; nil where a frequency is reported.
    package var deviceReferenceSeconds: Double?
    package var serverReferenceSeconds: Double?
    /// Why a side has no energy although it has a meter.
    package var deviceMeterFailure: String?
    package var serverMeterFailure: String?

    package init() {}

    /// A transfer by the device's clock, without the time in which it waited for the one before.
    package struct Passage: Sendable, Hashable {
        package var transfer: ObservedTransfer
        package var start: MonotonicInstant
        package var end: MonotonicInstant

        package var seconds: Double { end.seconds(since: start) }
    }

    /// The transfers of one direction, in order, without overlap: of a queue's content only the first is on the link.
    package func passages(_ direction: LinkDirection) -> [Passage] {
        var passages: [Passage] = []
        for transfer in transfers where transfer.direction == direction {
            let isUp = direction == .up
            let sent = isUp ? transfer.sent : offset.deviceTime(transfer.sent)
            let received = isUp ? offset.deviceTime(transfer.received) : transfer.received
            let start = max(sent, passages.last?.end ?? sent)
            // The clocks' difference has an error, so that a short transfer may seem to end before it begins.
            passages.append(Passage(transfer: transfer, start: start, end: max(start, received)))
        }
        return passages
    }

    /// The device's intervals; what it sent counts as sending until it had arrived.
    package var deviceIntervals: [ActivityInterval] {
        device.marking(transfers: passages(.up).map { ($0.start, $0.end) })
    }

    /// The server's intervals, by the device's clock; what it sent counts as sending until it had arrived.
    package var serverIntervals: [ActivityInterval] {
        server.map { interval in
            var shifted = interval
            shifted.start = offset.deviceTime(interval.start)
            shifted.end = offset.deviceTime(interval.end)
            return shifted
        }
        .marking(transfers: passages(.down).map { ($0.start, $0.end) })
    }
}
