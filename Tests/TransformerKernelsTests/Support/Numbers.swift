import Statistics
import Testing

/// `count` numbers in ±1 that a seed determines.
func randomValues(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
}

func doubles(_ values: some Sequence<Float>) -> [Double] { values.map(Double.init) }

/// Checks values against a reference: the error's norm within `relative` of the reference's norm, and each element
/// within a thousandth of its own size, or of a hundredth of the largest for those that are nearly zero.
func expectClose(
    _ actual: some Collection<Float>, _ expected: [Double], relative: Double, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, sourceLocation: sourceLocation)
    let error = relativeError(actual, expected)
    #expect(error <= relative, "\(what): norm of the error", sourceLocation: sourceLocation)
    let floor = 0.01 * (expected.map(abs).max() ?? 0)
    let worst = zip(actual, expected).map { abs(Double($0) - $1) / max(abs($1), floor, 1e-30) }.max() ?? 0
    #expect(worst <= 1e-3, "\(what): worst element", sourceLocation: sourceLocation)
}

/// ||actual - expected|| / ||expected||; the plain norm when nothing is expected.
func relativeError(_ actual: some Collection<Float>, _ expected: [Double]) -> Double {
    let difference = zip(actual, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    let size = expected.reduce(0) { $0 + $1 * $1 }
    return (size > 0 ? difference / size : difference).squareRoot()
}

/// The gradient of `function` at `point` by central differences, element by element.
func centralDifferences(at point: [Double], step: Double = 1e-5, _ function: ([Double]) -> Double) -> [Double] {
    var moved = point
    return point.indices.map { index in
        moved[index] = point[index] + step
        let above = function(moved)
        moved[index] = point[index] - step
        let below = function(moved)
        moved[index] = point[index]
        return (above - below) / (2 * step)
    }
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

func bits(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }
