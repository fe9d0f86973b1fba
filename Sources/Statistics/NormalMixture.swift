import RealModule

/// A part of a mixture of normals.
struct NormalPart {
    private(set) var probability = 0.0
    private var sum = 0.0
    private var squares = 0.0

    static let quantile = 1.959_963_984_540_054

    mutating func add(_ probability: Double, _ mean: Double, _ variance: Double) {
        self.probability += probability
        sum += probability * mean
        squares += probability * (variance + mean * mean)
    }

    private var mean: Double { sum / probability }
    private var error: Double { max(squares / probability - mean * mean, 0).squareRoot() }

    /// The mean of the mixture, and the half width about it that holds 95 % of the probability.
    static func interval(of normals: [NormalPart]) -> (mean: Double, halfWidth: Double) {
        let mean = normals.reduce(0) { $0 + $1.sum }
        let parts = normals.map { (probability: $0.probability, distance: $0.mean - mean, error: $0.error) }
        func outside(_ halfWidth: Double) -> Double {
            parts.reduce(0) { sum, part in
                let scale = part.error * (2.0).squareRoot()
                guard scale > 0 else { return sum + (abs(part.distance) > halfWidth ? part.probability : 0) }
                return sum + part.probability / 2
                    * (.erfc((halfWidth - part.distance) / scale) + .erfc((halfWidth + part.distance) / scale))
            }
        }
        var (low, high) = (0.0, parts.reduce(0) { max($0, abs($1.distance) + 3 * $1.error) })
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if outside(middle) > 0.05 { low = middle } else { high = middle }
        }
        return (mean, (low + high) / 2)
    }
}
