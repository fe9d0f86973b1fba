import Calibration
import ProbeKit
import ProfileFormat
import Quantities
import SplitTraining
import SystemIO

/// How fast both processors were when they were profiled, where no frequency tells it.
package struct ProfiledSpeeds: Sendable {
    /// Time of the reference loop, in seconds.
    private let device: ClosedRange<Double>?
    private let server: ClosedRange<Double>?

    package init(device: Calibration, server: Calibration) {
        self.device = Self.reference(of: device)
        self.server = Self.reference(of: server)
    }

    /// From the fastest of the profiles to the slowest; nil where another version of Kerf, and so perhaps of the loop, timed
    /// it.
    private static func reference(of calibration: Calibration) -> ClosedRange<Double>? {
        guard let reference = calibration.frequency.referenceSeconds, let value = reference.value, value > 0,
            calibration.provenance.allSatisfy({ $0.kerfVersion == KerfVersion.current })
        else { return nil }
        return min(value, reference.lower ?? value)...max(value, reference.upper ?? value)
    }

    /// Why a turn cannot be compared with a prediction; nil where it can.
    package func rejection(of costs: TurnCosts) -> String? {
        let device = reasons(costs.device, self.device, computed: costs.deviceSeconds > 0)
        let server = reasons(costs.server, self.server, computed: costs.serverSeconds > 0)
        let all = device.map { "device: " + $0 } + server.map { "server: " + $0 }
        return all.isEmpty ? nil : all.joined(separator: "; ")
    }

    /// - Parameter computed: whether the side computed anything. The speed of one that did not matters nothing.
    private func reasons(_ side: SideCosts, _ profiled: ClosedRange<Double>?, computed: Bool) -> [String] {
        var reasons = [side.disturbance, side.meterFailure.map { "its meter: " + $0 }].compactMap(\.self)
        guard computed, let profiled, let reference = side.referenceSeconds else { return reasons }
        let nearest = min(max(reference, profiled.lowerBound), profiled.upperBound)
        guard !BoxConditions.isSameSpeed(reference, nearest) else { return reasons }
        // What follows says more.
        reasons.removeAll { $0 == Disturbance.speed.rawValue }
        let ratio = reference / nearest - 1
        reasons.append(
            "the processor was \(NumberText.percent(abs(ratio))) \(ratio > 0 ? "slower" : "faster") than when it was "
                + "profiled")
        return reasons
    }
}
