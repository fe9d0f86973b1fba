import CARD
import Calibration
import SystemIO

/// Decides anew before every turn, from the link as the turns before have measured it.
package actor AdaptiveCut: CutPolicy {
    private var decider: Decider
    private let device: Calibration
    private let server: Calibration
    /// Whether the server is set to the decided frequency.
    private let setsFrequency: Bool
    private var observed = 0

    /// - Parameter decider: with the link to begin with.
    package init(decider: Decider, device: Calibration, server: Calibration, setsFrequency: Bool) {
        self.decider = decider
        if !setsFrequency { self.decider.frequencies = .asProfiled }
        self.device = device
        self.server = server
        self.setsFrequency = setsFrequency
    }

    package func choice(committed: Int, after last: DeviceSession.Turn?) throws -> TurnChoice? {
        if let last, last.number != observed {
            observed = last.number
            decider.link = try ObservedLink(last.measurement).updating(decider.link)
        }
        let chosen = try decider.choose(device: device, server: server)
        return TurnChoice(cut: chosen.cut, serverHertz: setsFrequency ? chosen.serverHertz : nil)
    }
}
