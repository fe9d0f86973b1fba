import CARD
import Quantities
import SystemIO

extension RadioChannel {
    /// The link that a state of the cell gives in its median block: of 1001 places and fadings drawn with the seed.
    ///
    /// - Throws: ``KerfError``.
    package static func link(state: ChannelState, seed: UInt64 = 1) throws(KerfError) -> Link {
        var channel = cell
        channel.state = state
        let lanes = Lanes(first: 0, count: 1001)
        let kernel = ChannelKernel(.radio(channel), seed: seed)
        kernel.place(lanes)
        kernel.fill(lanes, round: 0)
        func median(_ column: Lanes.Column) -> Double {
            1 / (0..<lanes.count).map { lanes[column][$0] }.sorted()[lanes.count / 2]
        }
        return try Link(
            uplinkBitsPerSecond: median(.up), downlinkBitsPerSecond: median(.down), roundTripSeconds: 0.01,
            origin: .simulated, source: "the median block of a simulated radio cell in state \(state.rawValue)")
    }
}
