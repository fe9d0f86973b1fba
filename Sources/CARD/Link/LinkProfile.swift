import Quantities
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

    package init(
        created: String, server: String, origin: Origin, shape: Link?, socket: LinkSocket, settings: LinkSettings,
        roundTripSeconds: Quantity, laws: [LinkLaw], warnings: [String]
    ) {
        self.created = created
        self.server = server
        self.origin = origin
        self.shape = shape
        self.socket = socket
        self.settings = settings
        self.roundTripSeconds = roundTripSeconds
        self.laws = laws
        self.warnings = warnings
        kerfVersion = KerfVersion.current
    }
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

    package init(
        congestionControl: String? = nil, tcpRoundTripSeconds: Double? = nil, retransmissions: Int? = nil,
        tlsVersion: String? = nil
    ) {
        self.congestionControl = congestionControl
        self.tcpRoundTripSeconds = tcpRoundTripSeconds
        self.retransmissions = retransmissions
        self.tlsVersion = tlsVersion
    }
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

    package init(
        budgetSeconds: Double, idleSeconds: Double, seed: UInt64, trainingBytes: [Int], windowBytes: Int,
        chunkBytes: Int
    ) {
        self.budgetSeconds = budgetSeconds
        self.idleSeconds = idleSeconds
        self.seed = seed
        self.trainingBytes = trainingBytes
        self.windowBytes = windowBytes
        self.chunkBytes = chunkBytes
    }
}

/// T(bytes) = latency + bytes / rate, one way.
public struct LinkLaw: Codable, Sendable, Hashable {
    public var direction: LinkDirection
    public var condition: LinkCondition
    public var latencySeconds: Quantity
    public var bitsPerSecond: Quantity
    /// By size, ascending.
    public var points: [LinkPoint]

    package init(
        direction: LinkDirection, condition: LinkCondition, latencySeconds: Quantity, bitsPerSecond: Quantity,
        points: [LinkPoint]
    ) {
        self.direction = direction
        self.condition = condition
        self.latencySeconds = latencySeconds
        self.bitsPerSecond = bitsPerSecond
        self.points = points
    }
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

    package init(
        bytes: Int, timeSeconds: Quantity, residualRatio: Double?, sampleSeconds: [Double]
    ) {
        self.bytes = bytes
        self.timeSeconds = timeSeconds
        self.residualRatio = residualRatio
        self.sampleSeconds = sampleSeconds
    }
}

/// A direction of the link.
public enum LinkDirection: String, Codable, Sendable, Hashable, CaseIterable {
    /// From the device to the server.
    case up
    /// From the server to the device.
    case down
}

/// What the link did before a transfer.
public enum LinkCondition: String, Codable, Sendable, Hashable, CaseIterable {
    /// It was idle, as while a side computes: congestion control may start anew.
    case cold
    /// It has just carried a transfer of the same size and direction.
    case warm
}

extension LinkProfile {
    /// The link of a decision: rates after idle times, as training has them, and the latency of both directions as the
    /// round trip.
    ///
    /// - Parameter file: the profile's file, for messages; `nil` for the server's name.
    /// - Throws: ``KerfError/Code/unusableData`` with the field where a direction has no rate, or an impossible one.
    package func link(file: String? = nil) throws(KerfError) -> Link {
        let (up, down) = (try law(.up, file ?? server), try law(.down, file ?? server))
        let latencies = [up, down].reduce(0) { $0 + ($1.latencySeconds.value ?? 0) }
        guard latencies <= 3600 else {
            throw KerfError(
                .unusableData, at: file ?? server, "latency_seconds of both directions are \(latencies) s in all",
                remedy: "measure the link again")
        }
        var link = try Link(
            uplinkBitsPerSecond: up.bitsPerSecond.value ?? 0, downlinkBitsPerSecond: down.bitsPerSecond.value ?? 0,
            roundTripSeconds: max(0, latencies), origin: origin, source: "kerf link to \(server)")
        link.uplinkRelativeHalfWidth = up.bitsPerSecond.relativeHalfWidth
        link.downlinkRelativeHalfWidth = down.bitsPerSecond.relativeHalfWidth
        return link
    }

    private func law(_ direction: LinkDirection, _ file: String) throws(KerfError) -> LinkLaw {
        guard let law = laws.first(where: { $0.direction == direction && $0.condition == .cold }),
            let rate = law.bitsPerSecond.value, law.latencySeconds.value != nil
        else {
            throw KerfError(
                .unusableData, at: file, "the link's profile has no rate for the \(direction.rawValue)link",
                remedy: "measure the link for longer")
        }
        guard rate > 0, rate <= 1e15 else {
            throw KerfError(
                .unusableData, at: file,
                "bits_per_second of the \(direction.rawValue)link is \(rate), not above 0 and at most 1e15",
                remedy: "measure the link again")
        }
        return law
    }
}
