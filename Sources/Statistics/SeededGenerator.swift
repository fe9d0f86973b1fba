import Glibc

/// A random number generator whose sequence depends on the seed alone, on every machine.
///
/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014). It is good enough
/// for the order of experiments and for test weights, but not for secrets.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension SeededGenerator {
    /// Uniform in (0, 1), with 53 bits; never 0.
    package mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

    /// Student's t, by the polar method (Bailey, "Polar generation of random variates with the t-distribution",
    /// Mathematics of Computation 62, 1994); exact for any positive degrees of freedom.
    package mutating func studentT(degreesOfFreedom n: Double) -> Double {
        let (u, v) = (uniform(), uniform())
        return (n * expm1(-2 / n * log(u))).squareRoot() * cos(2 * .pi * v)
    }

    /// Standard normal (Box and Muller, Annals of Mathematical Statistics 29, 1958).
    package mutating func normal() -> Double {
        let (u, v) = (uniform(), uniform())
        return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }
}
