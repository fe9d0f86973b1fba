import ProbeKit
import ProfileFormat
import Testing

@testable import Profiling

@Suite("The box over time")
struct ConditionRecorderTests {
    @Test("a long run keeps a bounded number of entries over all of its length, and no load is lost")
    func bounded() throws {
        var recorder = ConditionRecorder()
        for tenth in 0...100_000 {
            let seconds = Double(tenth) / 10
            // Busy in the second half.
            recorder.add(BoxConditions(otherLoadSeconds: max(0, seconds - 5000)), atSeconds: seconds)
        }
        let series = try #require(recorder.series)
        #expect((900...ConditionSeries.maximumCount).contains(series.seconds.count))
        #expect(try #require(series.seconds.last) > 9900)
        let others = try #require(series.otherProcessors)
        var total = 0.0
        var before = 0.0
        for (end, load) in zip(series.seconds, others) {
            total += try #require(load) * (end - before)
            before = end
        }
        #expect(abs(total - (before - 5000)) < 1)
        #expect(series.hertz == nil && series.throttleCount == nil)
    }

    @Test("points closer than the spacing are left out; nothing known is no series")
    func spacing() {
        var recorder = ConditionRecorder()
        #expect(recorder.series == nil)
        for hundredth in 0...100 { recorder.add(BoxConditions(), atSeconds: Double(hundredth) / 100) }
        #expect(recorder.series == nil)
        recorder.add(BoxConditions(throttleCount: 1, celsius: 50), atSeconds: 2)
        recorder.add(BoxConditions(throttleCount: 4, celsius: 51), atSeconds: 3)
        let series = recorder.series
        #expect(series?.celsius?.suffix(2) == [50, 51])
        // What happened before the counter was known is not known.
        #expect(series?.throttleCount?.suffix(2) == [nil, 3])
        #expect(series?.seconds.last == 3)
    }
}
