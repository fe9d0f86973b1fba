import CARD
import Quantities
import Statistics
import SystemIO

/// A link between this device and its server, measured over Kerf's own channel.
public struct LinkProfile: Codable, Sendable, KerfFile {
    public static let schema = "kerf.link"
    public static let schemaVersion = 1
    public static var remedy: Remedy { "run kerf link first" }

    public var schema: String = LinkProfile.schema
    public var schemaVersion: Int = LinkProfile.schemaVersion
    public var kerfVersion: String
    /// End of the measurement, in UTC.
    public var created: String
    /// The server's name or address, and port.
    public var server: String
    /// `measured`, or `simulated` where the channel was shaped.
    public var origin: Origin
    /// The shape; `nil` for the link as it is.
    public var shape: Link?
    public var socket: LinkSocket
    public var settings: LinkSettings
    /// An empty message and its answer; median.
    public var roundTripSeconds: Quantity
    /// One for each direction and condition.
    public var laws: [LinkLaw]
    /// Warnings, one sentence each.
    public var warnings: [String]
}

/// What the connection was.
public struct LinkSocket: Codable, Sendable, Hashable {
    /// `tcp_congestion_control` of the device's side, such as `cubic`; `nil` where the system does not tell. The
    /// server's governs the downlink and is not known here.
    public var congestionControl: String?
    /// TCP's own smoothed round trip, from TCP_INFO.
    public var tcpRoundTripSeconds: Double?
    /// Segments that were sent again.
    public var retransmissions: Int?
    /// `TLS 1.3`; `nil` without TLS.
    public var tlsVersion: String?
}

/// How the link was measured.
public struct LinkSettings: Codable, Sendable, Hashable {
    public var budgetSeconds: Double
    /// Idle time before each cold transfer.
    public var idleSeconds: Double
    public var seed: UInt64
    /// Sizes that training sends.
    public var trainingBytes: [Int]
    /// HTTP/2's receive window.
    public var windowBytes: Int
    public var chunkBytes: Int
}

/// T(bytes) = latency + bytes / rate, one way.
public struct LinkLaw: Codable, Sendable, Hashable {
    public var direction: LinkDirection
    public var condition: LinkCondition
    public var latencySeconds: Quantity
    public var bitsPerSecond: Quantity
    /// By size, ascending.
    public var points: [LinkPoint]
}

/// One size.
public struct LinkPoint: Codable, Sendable, Hashable {
    public var bytes: Int
    /// One way; median.
    public var timeSeconds: Quantity
    /// Median over the law's time, less 1; `nil` where there is no law.
    public var residualRatio: Double?
    /// One way, in the order of measurement.
    public var sampleSeconds: [Double]
}

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
        kerfVersion = KerfVersion.current
        self.created = created
        self.server = server.description
        self.origin = origin
        self.shape = shape?.link
        self.socket = socket
        self.settings = LinkSettings(
            budgetSeconds: plan.budgetSeconds, idleSeconds: plan.idleSeconds, seed: plan.seed,
            trainingBytes: plan.requiredSizes.sorted(), windowBytes: settings.windowBytes,
            chunkBytes: Frame.maximumPayload)
        roundTripSeconds =
            Estimate.median(of: trips).map { Quantity($0, origin: origin) }
            ?? .unavailable("no round trip was measured")
        laws = LinkDirection.allCases.flatMap { direction in
            LinkCondition.allCases.map { condition in
                let cells = samples.transfers.filter { $0.key.direction == direction && $0.key.condition == condition }
                let points = cells.map { (bytes: $0.key.bytes, times: $0.value.map { $0 - half }) }
                return LinkFit(points: points.sorted { $0.bytes < $1.bytes }, origin: origin).law(direction, condition)
            }
        }
        warnings = Self.warnings(samples, shape, socket)
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

    /// The link of a decision: rates after idle times, as training has them, and the latency of both directions as the
    /// round trip.
    ///
    /// - Throws: ``KerfError/Code/unusableData`` where a direction has no rate.
    package func link() throws(KerfError) -> Link {
        func law(_ direction: LinkDirection) throws(KerfError) -> (rate: Quantity, value: Double, latency: Double) {
            guard let law = laws.first(where: { $0.direction == direction && $0.condition == .cold }),
                let value = law.bitsPerSecond.value, let latency = law.latencySeconds.value
            else {
                throw KerfError(
                    .unusableData, at: server, "the link's profile has no rate for the \(direction.rawValue)link",
                    remedy: "measure the link for longer")
            }
            return (law.bitsPerSecond, value, latency)
        }
        let (up, down) = (try law(.up), try law(.down))
        var link = try Link(
            uplinkBitsPerSecond: up.value, downlinkBitsPerSecond: down.value,
            roundTripSeconds: max(0, up.latency + down.latency), origin: origin, source: "kerf link to \(server)")
        link.uplinkRelativeHalfWidth = up.rate.relativeHalfWidth
        link.downlinkRelativeHalfWidth = down.rate.relativeHalfWidth
        return link
    }
}
