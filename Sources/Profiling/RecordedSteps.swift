import ProbeKit
import ProfileFormat
import SystemIO
import TransformerKernels
import Workload

/// The steps of one burst, as a ``StepRecorder`` recorded them.
struct RecordedSteps: BurstRecord {
    let storage: StepStorage
    /// Kernel marks of all steps.
    let spans: [KernelTimeline.Span]

    private var order: [LayerPass] { storage.order }

    /// Seconds of each reading of the meter, taken while the layers had the caches to themselves.
    package var samplingTimes: [Double] {
        storage.steps.enumerated().flatMap { index, step in
            step.samples.map { secondsBefore(pass: storage.samples[$0].boundary, step: index) }
        }
    }

    // MARK: - Steps with all instruments on

    /// - Parameter pair: the number of the pair of bursts that the steps belong to.
    package func steps(pair: Int) -> [InstrumentedStep] {
        storage.steps.enumerated().map { index, step in
            var sample = step.sample
            sample.pair = pair
            return InstrumentedStep(
                seconds: order.indices.map { seconds(of: $0, step: index) }, kernels: kernels(ofSteps: [index]),
                markCount: step.spans.count, sampleCount: step.samples.count, sample: sample,
                trace: trace(index, pair: pair))
        }
    }

    /// Time and energy at each boundary between passes; `nil` without readings, and where a counter allowed no single
    /// answer.
    private func trace(_ index: Int, pair: Int) -> StepTrace? {
        let (step, samples) = (storage.steps[index], storage.samples)
        guard let first = step.samples.first else { return nil }
        let (began, firstTime) = (samples[first].instant, index * 2 * order.count)
        var seconds = [0.0] + order.indices.map { storage.times[firstTime + 2 * $0 + 1].seconds(since: began) }
        for sample in step.samples {
            seconds[samples[sample].boundary] = samples[sample].instant.seconds(since: began)
        }
        var joules: [String: [Double?]] = [:]
        for (place, domain) in storage.counted.enumerated() {
            guard let shown = self.joules(of: domain, at: place, samples: step.samples) else { return nil }
            joules[domain.identifier] = shown
        }
        return StepTrace(
            startSeconds: began.seconds(since: storage.start), pair: pair,
            staleSeconds: step.lastUpdate.map(began.seconds(since:)), seconds: seconds, joules: joules)
    }

    /// What a counter showed at each boundary since the step's first reading.
    private func joules(of domain: EnergyDomain, at place: Int, samples range: Range<Int>) -> [Double?]? {
        let (samples, counters, count) = (storage.samples, storage.counters, storage.counted.count)
        var joules = [Double?](repeating: nil, count: order.count + 1)
        var drawn = 0.0
        for sample in range {
            if sample > range.lowerBound {
                let here = sample * count + place
                let elapsed = samples[sample].instant.seconds(since: samples[sample - 1].instant)
                guard
                    let microjoules = try? domain.microjoules(
                        from: counters[here - count], to: counters[here], elapsedSeconds: elapsed)
                else { return nil }
                drawn += Double(microjoules) * 1e-6
            }
            joules[samples[sample].boundary] = drawn
        }
        return joules
    }

    // MARK: - Interleaved steps

    package func instrumentationOverheadPairs() -> [InstrumentationOverheadPair] {
        interleavedFirsts.map { first in
            let passes = split(seconds(of:step:), places: order.count, first)
            let samples = samplingSeconds(first)
            return InstrumentationOverheadPair(
                instrumentedSeconds: passes.on, plainSeconds: passes.off,
                samplingSeconds: samples.on.reduce(0, +) - samples.off.reduce(0, +))
        }
    }

    /// One instrumented step from each pair of interleaved steps: the passes that had instruments on.
    ///
    /// - Parameter pair: a number that no other steps have.
    package func interleavedSteps(pair: Int) -> [InstrumentedStep] {
        interleavedFirsts.map { first in
            let both = [first, first + 1]
            let seconds = split(seconds(of:step:), places: order.count, first).on
            let sample = StepSample(
                seconds: seconds.reduce(0, +) + samplingSeconds(first).on.reduce(0, +),
                cpuSeconds: both.reduce(0) { $0 + storage.steps[$1].sample.cpuSeconds / 2 }, pair: pair,
                startSeconds: storage.steps[first].sample.startSeconds)
            return InstrumentedStep(
                seconds: seconds, kernels: kernels(ofSteps: both),
                markCount: both.reduce(0) { $0 + storage.steps[$1].spans.count },
                sampleCount: both.reduce(0) { $0 + storage.steps[$1].samples.count }, sample: sample)
        }
    }

    private var interleavedFirsts: StrideTo<Int> { stride(from: 0, to: storage.steps.count - 1, by: 2) }

    /// Seconds between the passes. Without a meter there are no readings, and weights may be loaded there.
    private func samplingSeconds(_ first: Int) -> (on: [Double], off: [Double]) {
        storage.isMetered ? split(secondsBefore(pass:step:), places: order.count + 1, first) : ([], [])
    }

    /// A value at each place, from the step in which instruments were on there and from the one in which they were off.
    private func split(
        _ value: (_ place: Int, _ step: Int) -> Double, places: Int, _ first: Int
    ) -> (on: [Double], off: [Double]) {
        let isOnFirst = storage.steps[first].isInstrumented
        return (
            (0..<places).map { value($0, isOnFirst[$0] ? first : first + 1) },
            (0..<places).map { value($0, isOnFirst[$0] ? first + 1 : first) }
        )
    }

    // MARK: - Times

    /// Between a pass and the one before it, or the step's start or end: a reading or nothing, and loading of weights.
    ///
    /// - Parameters:
    ///   - pass: its place; the number of passes for what comes after the last.
    ///   - step: the place of a recorded step.
    private func secondsBefore(pass: Int, step: Int) -> Double {
        let first = step * 2 * order.count
        let begin = pass == 0 ? storage.steps[step].began : storage.times[first + 2 * pass - 1]
        let end = pass == order.count ? storage.steps[step].ended : storage.times[first + 2 * pass]
        return end.seconds(since: begin)
    }

    /// What a pass took, by its place.
    private func seconds(of pass: Int, step: Int) -> Double {
        let first = step * 2 * order.count + 2 * pass
        return storage.times[first + 1].seconds(since: storage.times[first])
    }

    /// Seconds by kernel within each pass, over steps in which different passes were marked.
    private func kernels(ofSteps steps: [Int]) -> [[Kernel: Double]] {
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        var kernels = [[Kernel: Double]](repeating: [:], count: order.count)
        for span in steps.flatMap({ spans[storage.steps[$0].spans] }) {
            guard let place = places[LayerPass(layer: Int(span.layer), direction: span.direction)] else { continue }
            kernels[place][span.kernel, default: 0] += Double(span.endNanoseconds - span.startNanoseconds) * 1e-9
        }
        return kernels
    }
}
