import CARD
import Statistics
import SystemIO

/// A fleet: device classes in equal numbers, one server, one channel.
package struct Fleet: Sendable {
    /// One model for each device class; its link's rates are replaced by the channel's in every round.
    let models: [CutModel]
    let channel: FleetChannel

    /// - Throws: ``KerfError``: no class.
    package init(models: [CutModel], channel: FleetChannel) throws(KerfError) {
        guard !models.isEmpty else {
            throw KerfError(.invalidArgument, "the fleet is empty: it needs at least one device")
        }
        self.models = models
        self.channel = channel
    }

    /// The fleet with its radio channel in another state.
    ///
    /// - Throws: ``KerfError``: the channel is a trace, which has none.
    package func inState(_ state: ChannelState) throws(KerfError) -> Fleet {
        guard case .radio(var radio) = channel else {
            throw KerfError(.invalidArgument, "the scenario's channel is a recorded trace, which has no state")
        }
        radio.state = state
        return try Fleet(models: models, channel: .radio(radio))
    }
}

/// The channel of a fleet's devices.
package enum FleetChannel: Sendable {
    case radio(RadioChannel)
    case trace(Trace, roundSeconds: Double)
}

/// Independent streams of random numbers of a run, one per use, so that a new use does not change the others.
enum Stream: UInt64 {
    case place = 1
    case uplinkFading, uplinkAngle, downlinkFading, downlinkAngle, state, cut

    /// The key of a stream in a round of a run.
    func key(seed: UInt64, round: Int) -> UInt64 {
        var generator = SeededGenerator(seed: seed)
        generator = SeededGenerator(seed: generator.next() ^ (rawValue &* 0xA076_1D64_78BD_642F))
        generator = SeededGenerator(seed: generator.next() ^ (UInt64(round) &* 0xE703_7ED1_A0B4_28DB))
        return generator.next()
    }
}
