/// Where the time of a round goes.
public struct DelayParts: Codable, Sendable, Hashable {
    public var deviceSeconds: Double
    public var uplinkSeconds: Double
    public var serverSeconds: Double
    public var downlinkSeconds: Double
    /// Adapters down before the round and up after it.
    public var adapterSeconds: Double
    /// Half a round trip for every message.
    public var latencySeconds: Double
    /// What the parts take at the same time as others do, counted off their sum; `nil` where nothing overlaps.
    public var overlapSeconds: Double?

    public init(
        deviceSeconds: Double, uplinkSeconds: Double, serverSeconds: Double, downlinkSeconds: Double,
        adapterSeconds: Double, latencySeconds: Double, overlapSeconds: Double? = nil
    ) {
        self.deviceSeconds = deviceSeconds
        self.uplinkSeconds = uplinkSeconds
        self.serverSeconds = serverSeconds
        self.downlinkSeconds = downlinkSeconds
        self.adapterSeconds = adapterSeconds
        self.latencySeconds = latencySeconds
        self.overlapSeconds = overlapSeconds
    }

    public var total: Double {
        deviceSeconds + uplinkSeconds + serverSeconds + downlinkSeconds + adapterSeconds + latencySeconds
            - (overlapSeconds ?? 0)
    }
}
