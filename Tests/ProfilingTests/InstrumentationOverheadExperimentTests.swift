import Estimation
import ProfileFormat
import Profiling
import Statistics
import Testing

/// The instrumentation overhead, where reading the counter takes a known time.
struct InstrumentationOverheadExperimentTests {
    @Test("readings of two microseconds each are found in the steps' time, and take at most a thousandth of it")
    func readings() throws {
        let box = SimulatedBox()
        // 5 ms of passes: not every step can read the meter.
        let step = SimulatedStep.typical(on: box, blocks: 1, noise: 0.001, scale: 0.15)
        let record = try Experiment(
            step: step, clock: box, meter: box, updates: SimulatedBox.updates,
            settings: ExperimentSettings(budgetSeconds: 60, targetRelativeHalfWidth: 0.002)
        ).run()
        let overhead = record.overhead
        #expect(abs(try #require(overhead.secondsPerMeterRead) - SimulatedBox.readSeconds) < 1e-9)
        let perStep = try #require(overhead.samplesPerStep)
        let maximum = Double(step.passes.count + 1)
        #expect(perStep > 1 && perStep < maximum, "\(perStep) readings per step")
        let computed = overhead.samplesPerStep.map { $0 * SimulatedBox.readSeconds / step.stepSeconds } ?? 0
        #expect(abs(computed - 0.001) < 0.0002, "\(computed) of a step")

        let ratio = try #require(InstrumentationOverheadEstimate.ratio(of: record.instrumentationOverheadPairs))
        #expect(abs(ratio.value - computed) <= ratio.halfWidth + 0.0002, "\(ratio), true \(computed)")
        #expect(ratio.halfWidth < 0.001)
    }

    @Test("without a meter nothing is read, and instruments cost nothing here")
    func withoutMeter() throws {
        let box = SimulatedBox()
        let step = SimulatedStep.typical(on: box, noise: 0.01)
        let record = try Experiment(step: step, clock: box, settings: ExperimentSettings(budgetSeconds: 20)).run()
        let ratio = try #require(InstrumentationOverheadEstimate.ratio(of: record.instrumentationOverheadPairs))
        #expect(abs(ratio.value) <= 2 * ratio.halfWidth && ratio.halfWidth < 0.002)
        #expect(record.overhead.samplesPerStep == nil)
        #expect(record.instrumentationOverheadPairs.allSatisfy { $0.samplingSeconds == 0 })
    }

    @Test("loading between passes is not counted as reading, and no interleaved steps are taken unless requested")
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
