import Calibration
import Testing

struct OwnCostTests {
    private func steps(_ seconds: [Double], pair: Int?) -> [StepSample] {
        seconds.map { StepSample(seconds: $0, cpuSeconds: 0, pair: pair) }
    }

    @Test func thePairsBurstsAreComparedByTheirFastestSteps() {
        let plain = steps([1, 1.5], pair: 0) + steps([2, 2.5], pair: 1)
        let instrumented = steps([1.7, 1.01], pair: 0) + steps([2.04], pair: 1)
        let ratios = OwnCost.ratios(plain: plain, instrumented: instrumented)
        #expect(zip(ratios, [0.01, 0.02]).allSatisfy { abs($0 - $1) < 1e-12 } && ratios.count == 2)
    }

    /// The fastest of many is faster than that of few: as many are taken of each.
    @Test func burstsOfDifferentLengthCountAsFarAsBothGo() {
        let ratios = OwnCost.ratios(plain: steps([1], pair: 3), instrumented: steps([1, 0.5, 0.4], pair: 3))
        #expect(ratios == [0])
    }

    @Test func withoutAPartnerThereIsNoRatio() {
        #expect(OwnCost.ratios(plain: steps([1], pair: 0), instrumented: steps([1], pair: 1)).isEmpty)
        #expect(OwnCost.ratios(plain: steps([1], pair: nil), instrumented: steps([1], pair: nil)).isEmpty)
    }
}
