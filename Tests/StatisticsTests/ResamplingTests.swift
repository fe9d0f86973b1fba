import Statistics
import Testing

@Suite("Resampling")
struct ResamplingTests {
    /// Variance of the mean of what a draw picks, over many draws.
    private func variance(_ values: [Double], _ draw: (inout SeededGenerator) -> [Int]) -> Double {
        var generator = SeededGenerator(seed: 4)
        let means = (0..<20000).map { _ in
            let places = draw(&generator)
            return places.reduce(0) { $0 + values[$1] } / Double(places.count)
        }
        let mean = means.reduce(0, +) / Double(means.count)
        return means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count)
    }

    /// s² / n of the sample.
    private func expected(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1) / Double(values.count)
    }

    @Test("means of bootstrap samples vary as the sample's mean does, also of two", arguments: [2, 3, 6])
    func bootstrap(count: Int) {
        let values = (0..<count).map { Double($0 * $0) }
        let ratio = variance(values) { $0.resample(count) } / expected(values)
        #expect(abs(ratio - 1) < 0.05, "\(ratio)")
    }

    @Test("means of halves vary as the sample's mean does", arguments: [(2, 1.0), (3, 1.25), (4, 1), (8, 1)])
    func halves(count: Int, expectedRatio: Double) {
        let values = (0..<count).map { Double($0 * $0) }
        let ratio = variance(values) { Array($0.halves(count).second) } / expected(values)
        #expect(abs(ratio - expectedRatio) < 0.05, "\(ratio)")
    }

    @Test("halves hold every observation once")
    func partition() {
        var generator = SeededGenerator(seed: 1)
        for count in 2...9 {
            let halves = generator.halves(count)
            #expect((halves.first + halves.second).sorted() == Array(0..<count))
            #expect(abs(halves.first.count - halves.second.count) == count % 2)
        }
        #expect(generator.resample(1) == [0] && generator.resample(0) == [])
    }
}
