import CARD
import Quantities
import Statistics
import SystemIO

extension LinkProfile {
    /// - Parameters:
    ///   - created: the time, as in a profile.
    ///   - shape: the shape that the channel had.
    package init(
        _ samples: LinkMeasurement.Samples, plan: LinkPlan, server: HostPort, shape: LinkShape?, socket: LinkSocket,
        settings: WireSettings, created: String
    ) {
        let origin: Origin = shape == nil ? .measured : .simulated
        let trips = samples.roundTrips.sorted()
        let half = (trips.quantile(0.5)) / 2
        let laws = LinkDirection.allCases.flatMap { direction in
            LinkCondition.allCases.map { condition in
                let cells = samples.transfers.filter { $0.key.direction == direction && $0.key.condition == condition }
                let points = cells.map { (bytes: $0.key.bytes, times: $0.value.map { $0 - half }) }
                return LinkFit(points: points.sorted { $0.bytes < $1.bytes }, origin: origin).law(direction, condition)
            }
        }
        self.init(
            created: created, server: server.description, origin: origin, shape: shape?.link, socket: socket,
            settings: LinkSettings(
                budgetSeconds: plan.budgetSeconds, idleSeconds: plan.idleSeconds, seed: plan.seed,
                trainingBytes: plan.requiredSizes.sorted(), windowBytes: settings.windowBytes,
                chunkBytes: Frame.maximumPayload),
            roundTripSeconds: Estimate.median(of: trips).map { Quantity($0, origin: origin) }
                ?? .unavailable("no round trip was measured"), laws: laws,
            warnings: Self.warnings(samples, shape, socket))
    }

    private static func warnings(
        _ samples: LinkMeasurement.Samples, _ shape: LinkShape?, _ socket: LinkSocket
    ) -> [String] {
        var warnings: [String] = []
        if shape != nil { warnings.append("The channel was shaped: this is the declared link, not a real one.") }
        if socket.tlsVersion == nil { warnings.append("The channel had no TLS, which training over a network has.") }
        if !samples.omittedSizes.isEmpty {
            let sizes = samples.omittedSizes.map(String.init).joined(separator: ", ")
            warnings.append("Sizes of \(sizes) bytes were left out, since they take too long for the time given.")
        }
        return warnings
    }
}
