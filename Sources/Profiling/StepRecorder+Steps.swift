import ProbeKit
import ProfileFormat
import SystemIO
import TransformerKernels
import Workload

/// What was recorded, as steps.
extension StepRecorder {
    /// What each look took, where the layers had had the caches to themselves.
    var samplingTimes: [Double] {
        taken.enumerated().flatMap { index, step in
            step.looks.map { secondsBefore(pass: looks[$0].boundary, step: index) }
        }
    }

    /// Between a pass and the one before it, or the step's start or end: a look or nothing, and loads of weights.
    ///
    /// - Parameters:
    ///   - pass: its place; the number of passes for what comes after the last.
    ///   - step: the place of a recorded step.
    func secondsBefore(pass: Int, step: Int) -> Double {
        let first = step * 2 * order.count
        let begin = pass == 0 ? taken[step].began : moments[first + 2 * pass - 1]
        let end = pass == order.count ? taken[step].ended : moments[first + 2 * pass]
        return end.seconds(since: begin)
    }

    /// What a pass took, by its place.
    func seconds(of pass: Int, step: Int) -> Double {
        let first = step * 2 * order.count + 2 * pass
        return moments[first + 1].seconds(since: moments[first])
    }

    /// What was recorded, step by step.
    ///
    /// - Parameter pair: the number of the pair of bursts that the steps belong to.
    func steps(pair: Int) -> [InstrumentedStep] {
        taken.indices.map { index in
            var sample = taken[index].sample
            sample.pair = pair
            return InstrumentedStep(
                seconds: order.indices.map { seconds(of: $0, step: index) }, kernels: kernels(ofSteps: [index]),
                spanCount: taken[index].spans.count, sampleCount: taken[index].looks.count, sample: sample,
                trace: trace(index, pair: pair))
        }
    }

    /// Seconds by kernel within each pass, of steps in which different passes were marked.
    func kernels(ofSteps steps: [Int]) -> [[Kernel: Double]] {
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        var kernels = [[Kernel: Double]](repeating: [:], count: order.count)
        for span in steps.flatMap({ step.timeline.spans[taken[$0].spans] }) {
            guard let place = places[LayerPass(layer: Int(span.layer), direction: span.direction)] else { continue }
            kernels[place][span.kernel, default: 0] += Double(span.endNanoseconds - span.startNanoseconds) * 1e-9
        }
        return kernels
    }

    /// Time at each boundary and energy at each look; `nil` without looks, and where a counter allowed no single answer.
    private func trace(_ index: Int, pair: Int) -> StepTrace? {
        guard let first = taken[index].looks.first else { return nil }
        let (began, firstMoment) = (looks[first].instant, index * 2 * order.count)
        var seconds = [0.0] + order.indices.map { moments[firstMoment + 2 * $0 + 1].seconds(since: began) }
        for look in taken[index].looks { seconds[looks[look].boundary] = looks[look].instant.seconds(since: began) }
        var joules: [String: [Double?]] = [:]
        for (place, domain) in counted.enumerated() {
            guard let shown = self.joules(of: domain, at: place, looks: taken[index].looks) else { return nil }
            joules[domain.identifier] = shown
        }
        return StepTrace(
            startSeconds: began.seconds(since: start), pair: pair,
            staleSeconds: taken[index].lastUpdate.map(began.seconds(since:)), seconds: seconds, joules: joules)
    }

    /// What a counter showed at each boundary since the first look.
    private func joules(of domain: EnergyDomain, at place: Int, looks range: Range<Int>) -> [Double?]? {
        var joules = [Double?](repeating: nil, count: order.count + 1)
        var drawn = 0.0
        for look in range {
            if look > range.lowerBound {
                let here = look * counted.count + place
                let elapsed = looks[look].instant.seconds(since: looks[look - 1].instant)
                guard
                    let microjoules = try? domain.microjoules(
                        from: counters[here - counted.count], to: counters[here], elapsedSeconds: elapsed)
                else { return nil }
                drawn += Double(microjoules) * 1e-6
            }
            joules[looks[look].boundary] = drawn
        }
        return joules
    }
}
