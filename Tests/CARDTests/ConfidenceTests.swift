@testable import CARD
import Calibration
import Foundation
import Statistics
import TestSupport
import Testing

@Suite("Confidence")
struct ConfidenceTests {
    private static func template() throws -> Pairing {
        var calibration = try DeciderTests.calibration(PlantedProfile())
        calibration.layers[0].forward.timeSeconds = Quantity(value: 0, origin: .modelled)
        calibration.layers[0].forward.netEnergyJoules = Quantity(value: 0, origin: .modelled)
        return try Pairing(device: calibration, server: calibration)
    }

    /// Within 5 points, and two standard errors of the share itself: a decile of 40 cases knows it to 8 points only.
    /// `KERF_RELIABILITY_CASES=6000` looks closer than a test has time for, without that allowance, and prints the table.
    @Test("the stated probability that the chosen cut is the best is right, in every decile")
    func reliability() throws {
        let asked = ProcessInfo.processInfo.environment["KERF_RELIABILITY_CASES"].flatMap(Int.init)
        let cases = asked ?? 1000
        let template = try Self.template()
        var generator = SeededGenerator(seed: 2026)
        var bins = [(count: Int, stated: Double, right: Int)](repeating: (0, 0, 0), count: 10)
        for _ in 0..<(cases / 2) {
            let planted = try PlantedChoice(template: template, &generator)
            let seed = generator.next()
            for mirrored in [false, true] {
                var noise = Noise(seed: seed, mirrored: mirrored)
                let (stated, isBest) = try planted.decide(&noise)
                let bin = min(9, Int(stated * 10))
                bins[bin].count += 1
                bins[bin].stated += stated
                if isBest { bins[bin].right += 1 }
            }
        }
        for (decile, bin) in bins.enumerated() where bin.count >= 30 {
            let count = Double(bin.count)
            let (stated, right) = (bin.stated / count, Double(bin.right) / count)
            let chance = asked == nil ? 2 * (stated * (1 - stated) / count).squareRoot() : 0
            if asked != nil {
                print("decile \(decile): \(bin.count) cases, stated \(stated), right \(right)")
            }
            #expect(
                abs(stated - right) <= 0.05 + chance,
                "decile \(decile): \(bin.count) cases, stated \(stated), right \(right)")
        }
        #expect(bins.filter { $0.count >= 30 }.count >= 4, "cases of many probabilities")
    }
}
