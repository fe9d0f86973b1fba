import CFleet

/// Computes the link rates of a round for lanes of devices.
struct ChannelKernel: Sendable {
    let channel: FleetChannel
    let seed: UInt64
    private let budget: LinkBudget?

    init(_ channel: FleetChannel, seed: UInt64) {
        self.channel = channel
        self.seed = seed
        if case .radio(let radio) = channel { budget = LinkBudget(radio) } else { budget = nil }
    }

    /// Whether ``fill(_:round:)`` may give waits other than 0.
    var hasOutages: Bool {
        if case .trace(let trace, _) = channel { trace.hasOutages } else { false }
    }

    /// Places the devices, for all rounds: uniformly over the ring's area, or over the trace.
    func place(_ lanes: Lanes) {
        lanes.uniform(.u, Stream.place.key(seed: seed, round: 0))
        guard case .radio(let radio) = channel, let budget else { return }
        let (near, far) = (radio.minimumMetres * radio.minimumMetres, radio.maximumMetres * radio.maximumMetres)
        for lane in 0..<lanes.count { lanes[.v][lane] = near + lanes[.u][lane] * (far - near) }
        for (constant, column) in [
            (budget.uplinkConstant, Lanes.Column.uplinkMean), (budget.downlinkConstant, .downlinkMean),
        ] {
            kerf_fleet_path(constant, radio.pathLossExponent, lanes[.v], lanes.count, lanes[column])
        }
    }

    /// Seconds per bit of every lane in a round, and the wait for the end of an outage.
    func fill(_ lanes: Lanes, round: Int) {
        switch channel {
        case .radio(let radio): fill(lanes, round, radio)
        case .trace(let trace, let roundSeconds): fill(lanes, round, trace, roundSeconds)
        }
    }

    private func fill(_ lanes: Lanes, _ round: Int, _ radio: RadioChannel) {
        guard let budget else { return }
        let gains = radio.state.gains
        // Both directions of a fading block have one state.
        if gains.count > 1 { lanes.uniform(.state, Stream.state.key(seed: seed, round: round)) }
        for lane in 0..<lanes.count {
            lanes[.state][lane] =
                gains.count > 1 ? gains[min(gains.count - 1, Int(lanes[.state][lane] * Double(gains.count)))] : gains[0]
        }
        fill(lanes, round, radio, budget, (.uplinkFading, .uplinkAngle), .uplinkMean, .up)
        fill(lanes, round, radio, budget, (.downlinkFading, .downlinkAngle), .downlinkMean, .down)
    }

    private func fill(
        _ lanes: Lanes, _ round: Int, _ radio: RadioChannel, _ budget: LinkBudget, _ streams: (Stream, Stream),
        _ mean: Lanes.Column, _ out: Lanes.Column
    ) {
        if radio.fading != .none {
            lanes.uniform(.u, streams.0.key(seed: seed, round: round))
            if radio.fading == .rician { lanes.uniform(.v, streams.1.key(seed: seed, round: round)) }
            kerf_fleet_fading(budget.ricianFactor, lanes[.u], lanes[.v], lanes.count, lanes[.gain])
        }
        let levels = radio.rate == .cqi ? CQITable.efficiencies : []
        kerf_fleet_seconds_per_bit(
            radio.bandwidthHertz, budget.gap, radio.floorBitsPerSecond, levels.count, levels, lanes[mean],
            lanes[.gain], lanes[.state], lanes.count, lanes[out])
    }

    private func fill(_ lanes: Lanes, _ round: Int, _ trace: Trace, _ roundSeconds: Double) {
        // `place` stored the devices' random numbers in `u`.
        for lane in 0..<lanes.count {
            let (sample, wait) = trace.sending(at: trace.offset(lanes[.u][lane]) + Double(round) * roundSeconds)
            lanes[.up][lane] = 1 / trace.uplinkBitsPerSecond[sample]
            lanes[.down][lane] = 1 / trace.downlinkBitsPerSecond[sample]
            lanes[.wait][lane] = wait
        }
    }
}
