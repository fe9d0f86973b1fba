import Calibration
import ProfileFormat
import Quantities
import Statistics

/// Whether a decision can be relied on at all. Confidence says how probable the choice is if the calibrations are
/// right; this says whether they are.
public struct Verdict: Codable, Sendable, Hashable {
    public var stands: Bool
    /// Why the decision does not stand, one sentence each; empty when it stands.
    public var reasons: [String]

    public init(reasons: [String]) {
        stands = reasons.isEmpty
        self.reasons = reasons
    }
}

extension Verdict {
    /// Judges the values that a model was computed from, and no others.
    ///
    /// - Layer times, from level B on: the closure of time of both sides, and the width of all layers together.
    /// - Energies of the server's layers, where energy counts and they are used: the closure of the account that is
    ///   used, gross or net. A declared or rated power has neither closure nor interval and is not judged.
    /// - Energies of the device's layers, where they count.
    ///
    /// Level A uses no measured layer, so that closure does not concern it; a measured mean power that it uses is
    /// judged by its interval. Its choice has no confidence, since rated values have no interval.
    init(_ problem: SplitProblem, _ model: CutModel, weight: Double) {
        var reasons: [String] = []
        let (device, server) = (problem.pairing.device, problem.pairing.server)
        let (timeLimit, energyLimit) = (Calibration.maximumTimeHalfWidth, Calibration.maximumEnergyHalfWidth)
        let (serverOnly, deviceOnly) = (model.cuts.first, model.cuts.last)
        if model.level != .paper {
            reasons += Self.reasons(
                "device", "times", device.closure.timeRatio, deviceOnly?.deviceSeconds, timeLimit)
            reasons += Self.reasons(
                "server", "times", server.closure.timeRatio, serverOnly?.serverSeconds, timeLimit)
        }
        if weight < 1 {
            switch model.energyBasis {
            case .layers(let account):
                reasons += Self.reasons(
                    "server", "\(account.rawValue) energies", server.closure.ratio(account), serverOnly?.serverJoules,
                    energyLimit)
            case .stepPower(let watts, _):
                reasons += Self.reasons(
                    "server", "power", nil, watts, energyLimit)
            case .declared, .rated, nil: break
            }
            if model.scope == .device {
                reasons += Self.reasons(
                    "device", "gross energies", device.closure.grossEnergyRatio, deviceOnly?.deviceJoules,
                    energyLimit)
            }
        }
        self.init(reasons: reasons)
    }

    /// - Parameters:
    ///   - closure: `nil` where the values are not parts of a whole.
    ///   - sum: all layers together; `nil` where there is none.
    private static func reasons(
        _ side: String, _ values: String, _ closure: Quantity?, _ sum: Estimate?, _ limit: Double
    ) -> [String] {
        var reasons: [String] = []
        if let closure, Closure.fails(closure) {
            reasons.append(
                "The \(side)'s layer \(values) differ from the whole step by \(NumberText.percent(closure)), more than "
                    + "\(NumberText.percent(Closure.limit)).")
        }
        let subject = closure == nil ? values : "layer \(values)"
        let verb = values == "power" ? "is" : "are"
        if let sum, sum.value != 0, !(sum.relativeHalfWidth <= limit) {
            reasons.append(
                sum.halfWidth.isFinite
                    ? "The \(side)'s \(subject) \(verb) known only to ± \(NumberText.percent(sum.relativeHalfWidth)), "
                        + "more than \(NumberText.percent(limit))."
                    : "The \(side)'s \(subject) \(values == "power" ? "has" : "have") no interval.")
        }
        return reasons
    }
}

extension Closure {
    /// The closure of an energy account. Older files have none of net energy; there it is that of gross energy.
    fileprivate func ratio(_ account: EnergyAccount) -> Quantity {
        account == .net ? netEnergyRatio ?? grossEnergyRatio : grossEnergyRatio
    }
}
