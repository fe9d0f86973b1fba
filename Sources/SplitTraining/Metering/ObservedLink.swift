import CARD
import Quantities
import Statistics
import SystemIO

/// The link as the transfers of one turn show it.
///
/// A transfer takes half a round trip and its bytes over the rate. The round trip is that of the questions for the time,
/// so that the rate is what remains. A direction that carried little keeps the rate that it had.
package struct ObservedLink: Sendable, Hashable {
    /// Bits per second; nil where too little was sent.
    package let uplinkBitsPerSecond: Double?
    package let downlinkBitsPerSecond: Double?
    package let roundTripSeconds: Double

    /// Smaller transfers say more about latency than about the rate.
    package static let minimumBytes = 32 << 10

    package init(_ measurement: TurnMeasurement) {
        roundTripSeconds = Double(measurement.offset.roundTripNanoseconds) * 1e-9
        let error = Double(measurement.offset.errorNanoseconds) * 1e-9
        let latency = roundTripSeconds / 2
        func rate(_ direction: LinkDirection) -> Double? {
            // Of a transfer that takes no longer than the clocks may be apart, nothing is known.
            let rates = measurement.passages(direction)
                .filter { $0.transfer.bytes >= Self.minimumBytes && $0.seconds > latency + error }
                .map { 8 * Double($0.transfer.bytes) / ($0.seconds - latency) }
            return Estimate.median(of: rates)?.value
        }
        uplinkBitsPerSecond = rate(.up)
        downlinkBitsPerSecond = rate(.down)
    }

    /// - Throws: ``KerfError`` where the observation is no possible link.
    package func updating(_ link: Link) throws(KerfError) -> Link {
        try Link(
            uplinkBitsPerSecond: uplinkBitsPerSecond ?? link.uplinkBitsPerSecond,
            downlinkBitsPerSecond: downlinkBitsPerSecond ?? link.downlinkBitsPerSecond,
            roundTripSeconds: roundTripSeconds, origin: .measured, source: "the last turn")
    }
}
