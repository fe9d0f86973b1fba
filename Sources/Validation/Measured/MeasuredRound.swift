/// One measured round: one turn of a split training at one cut and one server frequency.
///
/// All values are of the whole round.
package struct MeasuredRound: Codable, Sendable, Hashable {
    /// The device ran blocks 1...cut.
    package var cut: Int
    /// The frequency that the server was set to; `nil` where it was left as it was.
    package var serverHertz: Double?
    /// Place in the random order of all rounds, from 0.
    package var order: Int
    /// Repetition of this cut and frequency, from 0.
    package var repetition: Int
    /// Local steps.
    package var steps: Int
    /// Adapters on their way in both directions, and the wall time of all steps.
    package var delaySeconds: Double
    /// The device's forward and backward passes.
    package var deviceSeconds: Double
    /// Smashed data (or tokens) and targets, with the latency of their messages.
    package var uplinkSeconds: Double
    package var serverSeconds: Double
    /// The smashed data's gradient, with the latency of its messages.
    package var downlinkSeconds: Double
    /// Adapters down before the round and up after it, with the latency of their messages.
    package var adapterSeconds: Double
    /// The delay less the parts above: protocol, coding, commit, scheduling. Below zero where parts overlap.
    package var overheadSeconds: Double
    /// Gross energy of each side while it computed; `nil` without a meter.
    package var deviceJoules: Double?
    package var serverJoules: Double?
    /// Idle power of each side by the same meter; `nil` where it was not measured.
    package var deviceIdleWatts: Double?
    package var serverIdleWatts: Double?
    /// Time of a fixed piece of arithmetic on each side, which tells how fast its processor was; `nil` where a frequency
    /// does, and in older files.
    package var deviceReferenceSeconds: Double?
    package var serverReferenceSeconds: Double?
    /// Why the round cannot be used, such as other work on the box; `nil` where it can.
    package var rejection: String?

    package init(
        cut: Int, serverHertz: Double? = nil, order: Int, repetition: Int, steps: Int, delaySeconds: Double,
        deviceSeconds: Double, uplinkSeconds: Double, serverSeconds: Double, downlinkSeconds: Double,
        adapterSeconds: Double, deviceJoules: Double? = nil, serverJoules: Double? = nil,
        deviceIdleWatts: Double? = nil, serverIdleWatts: Double? = nil, deviceReferenceSeconds: Double? = nil,
        serverReferenceSeconds: Double? = nil, rejection: String? = nil
    ) {
        self.cut = cut
        self.serverHertz = serverHertz
        self.order = order
        self.repetition = repetition
        self.steps = steps
        self.delaySeconds = delaySeconds
        self.deviceSeconds = deviceSeconds
        self.uplinkSeconds = uplinkSeconds
        self.serverSeconds = serverSeconds
        self.downlinkSeconds = downlinkSeconds
        self.adapterSeconds = adapterSeconds
        overheadSeconds =
            delaySeconds - deviceSeconds - uplinkSeconds - serverSeconds - downlinkSeconds - adapterSeconds
        self.deviceJoules = deviceJoules
        self.serverJoules = serverJoules
        self.deviceIdleWatts = deviceIdleWatts
        self.serverIdleWatts = serverIdleWatts
        self.deviceReferenceSeconds = deviceReferenceSeconds
        self.serverReferenceSeconds = serverReferenceSeconds
        self.rejection = rejection
    }

    package var point: MeasuredPoint { MeasuredPoint(cut: cut, serverHertz: serverHertz) }
}

/// A cut at a server frequency.
package struct MeasuredPoint: Codable, Sendable, Hashable, Comparable {
    package var cut: Int
    /// `nil` where the server's frequency was left as it was.
    package var serverHertz: Double?

    package init(cut: Int, serverHertz: Double? = nil) {
        self.cut = cut
        self.serverHertz = serverHertz
    }

    package static func < (left: MeasuredPoint, right: MeasuredPoint) -> Bool {
        (left.cut, left.serverHertz ?? 0) < (right.cut, right.serverHertz ?? 0)
    }
}
