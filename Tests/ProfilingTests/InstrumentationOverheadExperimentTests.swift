import Estimation
import ProfileFormat
import Profiling
import Statistics
import Testing

/// What instruments cost, where a look at the counter takes a planted time.
struct InstrumentationOverheadExperimentTests {
    @Test("looks that take two microseconds each are found in the steps' time, and kept within a thousandth of it")
    func looks() throws {
        let box = SimulatedBox()
        // 5 ms of passes: not every step can be looked at.
        let step = SimulatedStep.typical(on: box, blocks: 1, noise: 0.001, scale: 0.15)
        let record = try Experiment(
            step: step, clock: box, meter: box, updates: SimulatedBox.updates,
            settings: ExperimentSettings(budgetSeconds: 60, targetRelativeHalfWidth: 0.002)
        ).run()
        let overhead = record.overhead
        #expect(abs(try #require(overhead.secondsPerMeterRead) - SimulatedBox.readSeconds) < 1e-9)
        let perStep = try #require(overhead.samplesPerStep)
        let most = Double(step.passes.count + 1)
        #expect(perStep > 1 && perStep < most, "\(perStep) looks a step")
        let counted = overhead.samplesPerStep.map { $0 * SimulatedBox.readSeconds / step.stepSeconds } ?? 0
        #expect(abs(counted - 0.001) < 0.0002, "\(counted) of a step")

        let ratio = try #require(InstrumentationOverheadEstimate.ratio(of: record.instrumentationOverheadPairs))
        #expect(abs(ratio.value - counted) <= ratio.halfWidth + 0.0002, "\(ratio), planted \(counted)")
        #expect(ratio.halfWidth < 0.001)
    }

    @Test("without a meter nothing is looked at, and nothing costs anything here")
    func withoutMeter() throws {
        let box = SimulatedBox()
        let step = SimulatedStep.typical(on: box, noise: 0.01)
        let record = try Experiment(step: step, clock: box, settings: ExperimentSettings(budgetSeconds: 20)).run()
        let ratio = try #require(InstrumentationOverheadEstimate.ratio(of: record.instrumentationOverheadPairs))
        #expect(abs(ratio.value) <= 2 * ratio.halfWidth && ratio.halfWidth < 0.002)
        #expect(record.overhead.samplesPerStep == nil)
        #expect(record.instrumentationOverheadPairs.allSatisfy { $0.samplingSeconds == 0 })
    }

    @Test("loads between passes are no looks, and what was not asked for is not taken")
    func loads() throws {
        let box = SimulatedBox()
        let step = SimulatedStep.typical(on: box, loadSeconds: 0.05)
        var settings = ExperimentSettings(budgetSeconds: 60)
        let record = try Experiment(
            step: step, clock: box, meter: box, updates: SimulatedBox.updates, settings: settings
        ).run()
        #expect(!record.instrumentationOverheadPairs.isEmpty)
        #expect(
            record.instrumentationOverheadPairs.allSatisfy {
                $0.samplingSeconds == 0 && $0.plainSeconds.reduce(0, +) < 0.1
            })
        settings.measuresInstrumentationOverhead = false
        #expect(try Experiment(step: step, clock: box, settings: settings).run().instrumentationOverheadPairs.isEmpty)
    }
}
