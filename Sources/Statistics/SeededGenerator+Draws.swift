import Glibc

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
