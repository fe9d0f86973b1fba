import Glibc

/// How the server's power goes with its clock: P(f) / P(f0) = s + (1 - s) (f / f0)^alpha.
package struct PowerShape: Sendable, Hashable {
    /// s: the share of the power at f0 that does not depend on the clock.
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
