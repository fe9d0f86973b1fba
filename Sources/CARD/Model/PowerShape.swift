#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How the server's power goes with its clock: P(f) / P(f0) = s + (1 - s) (f / f0)^alpha.
public struct PowerShape: Sendable, Hashable {
    /// s: the share of the power at f0 that does not depend on the clock.
    public var staticShare: Double
    /// alpha.
    public var exponent: Double

    public init(staticShare: Double, exponent: Double) {
        self.staticShare = staticShare
        self.exponent = exponent
    }

    /// The paper's P = ξ f³.
    public static let cubic = PowerShape(staticShare: 0, exponent: 3)

    /// P(f) / P(f0) at `ratio` = f / f0.
    public func factor(_ ratio: Double) -> Double {
        self == .cubic ? ratio * ratio * ratio : staticShare + (1 - staticShare) * pow(ratio, exponent)
    }
}
