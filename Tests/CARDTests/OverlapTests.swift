import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Testing
import Workload

@testable import CARD

@Suite("Overlap of computing and communication")
struct OverlapTests {
    /// The schedule played out: each stage takes one micro-batch after the other, in order; the device its forward
    /// passes first.
    private func played(_ pipeline: Pipeline) -> Double {
        let count = pipeline.microBatches
        let parts = [pipeline.forward, pipeline.uplink, pipeline.server, pipeline.downlink].map { $0 / Double(count) }
        var free = [Double](repeating: 0, count: 4)
        var back: [Double] = []
        for _ in 0..<count {
            var time = 0.0
            for stage in 0..<4 {
                time = max(time, free[stage]) + parts[stage]
                free[stage] = time
                // Latency on the way there and back, half each, occupies nothing.
                if stage == 1 || stage == 3 { time += pipeline.latency / 2 }
            }
            back.append(time)
        }
        var device = free[0]
        for time in back { device = max(device, time) + pipeline.backward / Double(count) }
        return device
    }

    @Test("the closed form is the schedule played out, on 2,000 random pipelines")
    func schedule() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2_000 {
            func draw() -> Double { Double.random(in: 0...1, using: &generator) }
            let pipeline = Pipeline(
                forward: draw(), uplink: draw(), server: draw(), downlink: draw(), backward: draw(),
                latency: draw() * 0.2, microBatches: Int.random(in: 1...12, using: &generator))
            let expected = played(pipeline)
            #expect(abs(pipeline.seconds - expected) < 1e-12, "\(pipeline)")
        }
    }

    @Test("one micro-batch is no overlap; more never take longer, nor less than the slowest of the stages")
    func bounds() {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<500 {
            func draw() -> Double { Double.random(in: 0...1, using: &generator) }
            var pipeline = Pipeline(
                forward: draw(), uplink: draw(), server: draw(), downlink: draw(), backward: draw(), latency: 0,
                microBatches: 1)
            let stages = [pipeline.uplink, pipeline.server, pipeline.downlink]
            let device = pipeline.forward + pipeline.backward
            #expect(abs(pipeline.seconds - device - stages.reduce(0, +)) < 1e-12)
            var last = pipeline.seconds
            for count in [2, 4, 8, 16] {
                pipeline.microBatches = count
                #expect(pipeline.seconds <= last + 1e-12)
                #expect(pipeline.seconds >= max(device, stages.max()!) - 1e-12)
                last = pipeline.seconds
            }
        }
    }
}
