import Statistics
import Testing

@testable import Reporting

/// Axes of charts.
@Suite("Scales")
struct ScaleTests {
    @Test("values keep their order and stay within the drawing, and ticks within the axis", arguments: 1...40)
    func properties(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let magnitude: Double = [1e-9, 1e-3, 1, 1e6, 1e12].randomElement(using: &generator) ?? 1
        let count = Int.random(in: 1...20, using: &generator)
        for kind in [Scale.Kind.linear, .logarithmic] {
            let range = kind == .linear ? -1.0...1.0 : 0.01...1.0
            let values: [Double] = (0..<count).map { _ in
                Double.random(in: range, using: &generator) * magnitude
            }.sorted()
            for includesZero in [false, true] {
                let scale = Scale(values, kind, includesZero: includesZero, from: 300, to: 10)
                let places = values.map(scale.place)
                #expect(places.allSatisfy { (10...300).contains($0) })
                #expect(zip(places, places.dropFirst()).allSatisfy { $0 >= $1 })
                let ticks = scale.ticks()
                #expect(ticks.allSatisfy { $0 >= scale.lower && $0 <= scale.upper * (1 + 1e-9) })
                #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0 < $1 } && ticks.count <= 40)
                if kind == .linear { #expect(ticks.count >= 2, "\(values)") }
            }
        }
    }

    @Test("ticks are round") func roundTicks() {
        #expect(Scale([0, 0.93], from: 0, to: 1).ticks().map { ($0 * 10).rounded() } == [0, 2, 4, 6, 8])
        #expect(Scale([1, 1000], .logarithmic, from: 0, to: 1).ticks().contains(100))
    }

    @Test(
        "values that no axis can hold are left out",
        arguments: [[], [.nan], [.infinity, -.infinity], [0], [5, 5], [-3]] as [[Double]])
    func degenerate(values: [Double]) {
        for kind in [Scale.Kind.linear, .logarithmic] {
            let scale = Scale(values, kind, from: 0, to: 100)
            #expect(scale.lower < scale.upper && scale.lower.isFinite && scale.upper.isFinite)
            #expect(scale.ticks().count < 50)
            for value in values { #expect((0...100).contains(scale.place(value)) || value.isNaN) }
        }
    }

    @Test("a lone value keeps a tenth of itself on either side") func loneValue() {
        let scale = Scale([2], includesZero: false, from: 0, to: 100)
        #expect(scale.lower > 1.5 && scale.upper < 2.5)
    }

    @Test("labels have the unit's prefix and no idle zeros") func labels() {
        #expect(Axis("t", unit: "s").label(0.002) == "2 ms")
        #expect(Axis("t", unit: "s").label(0) == "0 s")
        #expect(Axis("r", isRatio: true).label(0.05) == "5 %")
        #expect(Axis("n", wholeNumbers: 0...3).label(2) == "2")
        #expect(Axis("u").label(0.25) == "0.25")
    }
}
