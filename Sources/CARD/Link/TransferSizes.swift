import Calibration
import SystemIO

extension Decider {
    /// Bytes that training on a device sends at once: smashed data with targets, its gradient, and the adapters of one block
    /// and of all. Ascending, each once.
    ///
    /// - Throws: ``KerfError`` for a calibration without what they are computed from.
    package static func transferSizes(of device: Calibration, exchange: CutExchange) throws -> [Int] {
        let anyLink = try Link(uplinkBitsPerSecond: 1e9, downlinkBitsPerSecond: 1e9, roundTripSeconds: 0)
        let model = try Decider(link: anyLink, exchange: exchange).model(device: device, server: device)
        let sizes = model.cuts.flatMap { cost in
            let isEnd = cost.cut <= 1 || cost.cut == model.cuts.count - 1
            return isEnd ? [cost.traffic.uplinkBytes, cost.traffic.downlinkBytes, cost.traffic.adapterBytes] : []
        }
        return Set(sizes.map { Int($0) }).filter { $0 > 0 }.sorted()
    }
}
