import Glibc
import Quantities

/// The frequencies that the server may run at, as ratios to the one its costs are stated at.
package struct ServerFrequency: Sendable, Hashable {
    /// f0; `nil` where the box does not report its frequency. Then only the ratio 1 is possible.
    package var referenceHertz: Double?
    package var lowestRatio: Double
    package var highestRatio: Double
    /// The steps of the hardware, ascending; `nil` where the frequency is continuous between the limits.
    package var stepRatios: [Double]?
    /// The weakest origin of the frequencies that these ratios were computed from.
    package var origin: Origin

    package init(
        referenceHertz: Double?, lowestRatio: Double, highestRatio: Double, stepRatios: [Double]? = nil, origin: Origin
    ) {
        self.referenceHertz = referenceHertz
        self.lowestRatio = lowestRatio
        self.highestRatio = highestRatio
        self.stepRatios = stepRatios
        self.origin = origin
    }

    /// The frequency of a box that does not report it.
    static let unknown = ServerFrequency(referenceHertz: nil, lowestRatio: 1, highestRatio: 1, origin: .unavailable)

    /// Whether the decision chooses the frequency; else nothing is scaled by it.
    package var isChosen: Bool { lowestRatio < highestRatio }
}

/// The frequencies that a decision may choose from.
package enum AllowedFrequencies: Sendable, Hashable {
    /// All that the server's calibration has.
    case calibrated
    /// The one that the server was profiled at.
    case asProfiled
    /// These, in hertz; at least one.
    case steps([Double])
}

extension ServerFrequency {
    /// Leaves only the allowed frequencies. A server that does not report its frequency keeps the ratio 1.
    mutating func restrict(to allowed: AllowedFrequencies) {
        switch allowed {
        case .calibrated: return
        case .asProfiled: (lowestRatio, highestRatio, stepRatios) = (1, 1, nil)
        case .steps(let hertz):
            guard let referenceHertz, !hertz.isEmpty else { return restrict(to: .asProfiled) }
            let ratios = Set(hertz.map { $0 / referenceHertz }).sorted()
            (lowestRatio, highestRatio, stepRatios) = (ratios[0], ratios[ratios.count - 1], ratios)
        }
    }
}

/// The server's power as a function of frequency: P(f) / P(f0) = s + (1 - s) (f / f0)^alpha.
package struct PowerShape: Sendable, Hashable {
    /// s: the share of the power at f0 that does not depend on the frequency.
    package var staticShare: Double
    /// alpha.
    package var exponent: Double

    package init(staticShare: Double, exponent: Double) {
        self.staticShare = staticShare
        self.exponent = exponent
    }

    /// The paper's P = ξ f³.
    package static let cubic = PowerShape(staticShare: 0, exponent: 3)

    /// P(f) / P(f0) at `ratio` = f / f0.
    package func factor(_ ratio: Double) -> Double {
        self == .cubic ? ratio * ratio * ratio : staticShare + (1 - staticShare) * pow(ratio, exponent)
    }
}
