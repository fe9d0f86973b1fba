import Calibration
import ProbeKit
import ProfileFormat
import Quantities
import SplitTraining

/// How fast both processors were when they were profiled, where no frequency tells it.
package struct ProfiledSpeeds: Sendable {
    /// Time of the reference loop, in seconds.
    private let device: Double?
    private let server: Double?

    package init(device: Calibration, server: Calibration) {
        self.device = device.frequency.referenceSeconds?.value
        self.server = server.frequency.referenceSeconds?.value
    }

    /// Why a turn cannot be compared with a prediction; nil where it can.
    package func rejection(of costs: TurnCosts) -> String? {
        let device = reasons(costs.device, self.device, blocks: costs.deviceSeconds > 0)
        let server = reasons(costs.server, self.server, blocks: costs.serverSeconds > 0)
        let all = device.map { "device: " + $0 } + server.map { "server: " + $0 }
        return all.isEmpty ? nil : all.joined(separator: "; ")
    }

    /// - Parameter blocks: whether the side computed anything. The speed of one that did not matters nothing.
    private func reasons(_ side: SideCosts, _ profiled: Double?, blocks: Bool) -> [String] {
        var reasons = [side.disturbance, side.meterFailure.map { "its meter: " + $0 }].compactMap(\.self)
        if blocks, let profiled, let reference = side.referenceSeconds, profiled > 0,
            !BoxConditions.isSameSpeed(reference, profiled)
        {
            let ratio = reference / profiled - 1
            reasons.append(
                "the processor was \(NumberText.percent(abs(ratio), digits: 0)) \(ratio > 0 ? "slower" : "faster") than "
                    + "when it was profiled")
        }
        return reasons
    }
}
