import CARD
import SystemIO

/// The link that a channel imitates, in user space and without privileges.
package struct LinkShape: Sendable, Hashable {
    /// Rates and round trip.
    package let link: Link

    /// Reads `up=20mbit,down=80mbit,rtt=20ms`, as ``CARD/Link`` does.
    ///
    /// - Throws: ``KerfError/Code/invalidArgument``.
    package init(parsing text: String) throws(KerfError) { self.init(try Link(parsing: text)) }

    package init(_ link: Link) { self.link = link }

    var uplink: ShapedDirection { direction(link.uplinkBitsPerSecond) }
    var downlink: ShapedDirection { direction(link.downlinkBitsPerSecond) }

    private func direction(_ bitsPerSecond: Double) -> ShapedDirection {
        ShapedDirection(bitsPerSecond: bitsPerSecond, delayNanoseconds: Int64(link.roundTripSeconds / 2 * 1e9))
    }
}

/// One direction of a link: a queue that is served at a constant rate, in exact virtual time.
///
/// A frame leaves when the one before has left, or when it is given to an idle link, plus its bytes over the rate; it
/// arrives a constant delay later. The delay does not limit the rate. Late timers do not add up, since each departure
/// is computed from the one before and not from when it was noticed.
struct ShapedDirection: Sendable {
    let bitsPerSecond: Double
    let delayNanoseconds: Int64
    /// When the last frame has left, in nanoseconds of the clock.
    private(set) var freeAt: Double = -.infinity

    init(bitsPerSecond: Double, delayNanoseconds: Int64) {
        self.bitsPerSecond = bitsPerSecond
        self.delayNanoseconds = delayNanoseconds
    }

    /// Enters `bytes` at `now`; returns when the last of them arrives.
    mutating func arrival(of bytes: Int, at now: Int64) -> Int64 {
        freeAt = max(freeAt, Double(now)) + Double(bytes) * 8e9 / bitsPerSecond
        return Int64(freeAt.rounded(.up)) + delayNanoseconds
    }

    /// The payload that takes about 2 ms, so that a receiver works on a tensor's start while its end is on the link.
    var pieceBytes: Int { Int(min(max(bitsPerSecond / 8 * 2e-3, 1024), Double(Frame.maximumPayload))) }
}
