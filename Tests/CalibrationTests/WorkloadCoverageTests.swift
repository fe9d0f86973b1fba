import Foundation
import ProfileFormat
import Quantities
import SystemIO
import TestSupport
import Testing
import Workload

@testable import Calibration

/// Intervals of interpolated times, by what they promise. All in virtual time.
///
/// `KERF_WORKLOAD_PROFILES=200` takes as many sets of profiles for each case in place of 8, and prints the figures.
@Suite("Coverage of interpolated times")
struct WorkloadCoverageTests {
    private static let asked = ProcessInfo.processInfo.environment["KERF_WORKLOAD_PROFILES"].flatMap(Int.init)

    /// What is found for passes of one kind of layer.
    private struct Outcome {
        var errors: [Double] = []
        var halfWidths: [Double] = []
        var held = 0

        var coverage: Double { Double(held) / Double(errors.count) }
        var text: String {
            let median = halfWidths.sorted()[halfWidths.count / 2]
            return "error up to \(NumberText.percent(errors.max() ?? 0)), interval ± \(NumberText.percent(median)), "
                + "coverage \(NumberText.percent(coverage))"
        }
    }

    /// - Parameter change: of each workload.
    private func outcomes(
        _ name: String, _ sequences: [Int], at target: Int, change: (inout SyntheticWorkload) -> Void = { _ in }
    ) throws -> [LayerDescription.Kind: Outcome] {
        var outcomes: [LayerDescription.Kind: Outcome] = [:]
        func workload(_ sequence: Int, _ seed: UInt64) -> SyntheticWorkload {
            var workload = SyntheticWorkload(sequence: sequence, seed: seed)
            workload.base.origin = .unavailable
            change(&workload)
            return workload
        }
        for seed in 1...UInt64(Self.asked ?? 8) {
            let inputs = try sequences.map { sequence in
                Calibrator.Input(
                    name: "\(sequence)", bytes: try KerfJSON.encode(workload(sequence, seed).make()))
            }
            let calibration = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: target))
            let truth = workload(target, seed)
            for layer in calibration.layers {
                for (direction, found) in [(Direction.forward, layer.forward), (.backward, layer.backward)] {
                    let seconds = truth.seconds(of: LayerPass(layer: layer.description.index, direction: direction))
                    guard seconds > 0, let value = found.timeSeconds.value, let lower = found.timeSeconds.lower,
                        let upper = found.timeSeconds.upper
                    else { continue }
                    outcomes[layer.description.kind, default: Outcome()].errors.append(abs(value / seconds - 1))
                    outcomes[layer.description.kind]?.halfWidths.append((upper - lower) / 2 / value)
                    outcomes[layer.description.kind]?.held += lower <= seconds && seconds <= upper ? 1 : 0
                }
            }
        }
        if Self.asked != nil {
            for (kind, outcome) in outcomes { print("\(name), \(kind.rawValue): \(outcome.text)") }
        }
        return outcomes
    }

    @Test("from two sequences and from three", arguments: [([128, 512], 256), ([128, 256, 512], 384)])
    func smooth(sequences: [Int], target: Int) throws {
        for (kind, found) in try outcomes("\(target) from \(sequences)", sequences, at: target) {
            #expect(found.coverage > 0.95 && (found.errors.max() ?? 1) < 0.05, "\(kind): \(found.text)")
        }
    }

    @Test("beyond a cliff of 40 % between the last two", arguments: [300, 380])
    func cliff(cliffTokens: Int) throws {
        let found = try outcomes("384 with a cliff at \(cliffTokens)", [128, 256, 512], at: 384) {
            ($0.law.cliffTokens, $0.law.cliffFactor) = (cliffTokens, 1.4)
        }
        for (kind, found) in found { #expect(found.coverage > 0.95, "\(kind): \(found.text)") }
    }
}
