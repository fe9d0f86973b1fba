/// Parts of a round's delay.
public struct DelayParts: Codable, Sendable, Hashable {
    public var deviceSeconds: Double
    public var uplinkSeconds: Double
    public var serverSeconds: Double
    public var downlinkSeconds: Double
    /// Adapters down before the round and up after it.
    public var adapterSeconds: Double
    /// Half a round trip for every message.
    public var latencySeconds: Double
    /// Time during which parts overlap, to be subtracted from their sum; `nil` without overlap.
    public var overlapSeconds: Double?

    package init(
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

/// One training step whose batch passes through device, link and server in equal micro-batches.
///
/// The device runs all its forward passes, then its backward passes in the order in which the gradients return (the
/// order of GPipe, Huang et al., NeurIPS 2019). Uplink, server and downlink each process one micro-batch at a time.
/// Every stage takes its time for the whole batch divided by the number of micro-batches.
struct Pipeline {
    var forward: Double
    var uplink: Double
    var server: Double
    var downlink: Double
    var backward: Double
    /// Delay of every micro-batch on its way to the server and back that occupies no stage, such as latency.
    var latency: Double
    var microBatches: Int

    /// Seconds from the first forward pass to the end of the last backward pass.
    ///
    /// The gradient of micro-batch k (from 0) returns at d0 + k p, where p is the slowest stage's time. The backward
    /// passes then end at the largest of three: the device's own work; the first gradient and all backward passes; the
    /// last gradient and its backward pass. The other micro-batches lie in between, as both terms are linear in k.
    var seconds: Double {
        let count = Double(microBatches)
        let slowest = max(max(forward, uplink), max(server, downlink)) / count
        let first = (forward + uplink + server + downlink) / count + latency
        let last = first + (count - 1) * slowest
        return max(forward + backward, max(first + backward, last + backward / count))
    }
}
