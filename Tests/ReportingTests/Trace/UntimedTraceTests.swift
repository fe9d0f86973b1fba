import Foundation
import ProfileFormat
import Reporting
import SystemIO
import TestSupport
import Testing

@Suite("Trace of what has no times")
struct UntimedTraceTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Corpus/profiles").standardized

    static let files = (try? FileManager.default.contentsOfDirectory(atPath: corpus.path).sorted()) ?? []

    @Test("profiles of earlier versions: all layers are there, end to end on tracks that say so", arguments: files)
    func oldFiles(name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: Self.corpus.appending(path: name)))
        let profile = try KerfJSON.decode(Profile.self, from: bytes, named: name)
        let trace = Trace(profile)
        let decoded = try trace.decoded()
        #expect(decoded.faults == [] && decoded.nestingFaults == [])
        let group = "profile of \(profile.model.name)"
        let sum = profile.layerTimes.reduce(0) { $0 + $1.seconds.reduce(0, +) } * 1e9
        let samples = profile.layerTimes.reduce(0) { $0 + $1.seconds.count }
        let layers = decoded.slices("layer", inGroup: group).reduce(0) { $0 + $1.nanoseconds }
        #expect(abs(Double(layers) - sum) <= Double(samples))
        #expect(
            decoded.slices("layer").allSatisfy {
                decoded.tracks[$0.track]?.name.hasPrefix("instrumented steps, laid") == true
            })
        // Windows have had their start from the beginning.
        let windows = profile.energyWindows.count + profile.idleWindows.count
        let drawn = decoded.slices("window", inGroup: group).count + decoded.slices("idle", inGroup: group).count
        #expect(drawn == windows)
        let visits = profile.frequencySweep?.visits ?? []
        #expect(decoded.slices("visit").count == visits.count)
        #expect(TraceSummary(trace).tracks.filter { $0.placement == .laidOut }.count > 1)
    }

    @Test func theCorpusIsThere() { #expect(Self.files.count == 10) }

    @Test("the visits of a sweep follow the run and each other; the frequency that was set is a counter")
    func sweep() throws {
        var profile = TimedProfile.make(steps: 2)
        let visit = FrequencyVisit(
            hertz: 8e8, policyHertz: ["policy0": 8e8], achievedHertz: [7.9e8, 8.1e8], steps: profile.steps,
            layerTimes: profile.layerTimes.map {
                var times = $0
                times.kernels = [:]
                return times
            }, idleWindows: profile.idleWindows, energyWindows: profile.energyWindows,
            rejections: [Rejection(reason: "steal time", count: 5)])
        var second = visit
        second.hertz = 2.6e9
        profile.frequencySweep = FrequencySweep(seed: 1, budgetSeconds: 1, visits: [visit, second])
        let trace = Trace(profile)
        let decoded = try trace.decoded()
        #expect(decoded.faults == [] && decoded.nestingFaults == [])
        let visits = decoded.slices("visit")
        let run = try #require(decoded.slices("run").first)
        #expect(visits.map(\.name) == ["800 MHz", "2.60 GHz"])
        #expect(visits[0].start == run.end && visits[1].start == visits[0].end)
        let counter = try #require(decoded.counter("set frequency", inGroup: "frequency sweep"))
        #expect(counter.unit == "Hz" && counter.values.map(\.value) == [8e8, 2.6e9])
        #expect(counter.values.map(\.time) == visits.map(\.start))
        // A visit's steps lie within it.
        let steps = decoded.slices("step", on: "steps", inGroup: "frequency sweep")
        #expect(steps.count == 4 && steps[0].start == visits[0].start + 101_000_000)
        #expect(trace.leftOut.contains { $0.count == 12 && $0.what == "rejected: steal time" })
        // Newer files have the start of each visit.
        for place in 0..<2 { profile.frequencySweep?.visits[place].startSeconds = 10 + 5 * Double(place) }
        let placed = try Trace(profile).decoded()
        #expect(placed.faults == [] && placed.nestingFaults == [])
        #expect(placed.slices("visit").map(\.start) == [10_000_000_000, 15_000_000_000])
        #expect(placed.slices("step", on: "steps", inGroup: "frequency sweep").first?.start == 10_101_000_000)
    }

    @Test("layers that take longer than their step are drawn without its time; kernels that do not fit are counted")
    func unfit() throws {
        var profile = TimedProfile.make(steps: 2)
        profile.instrumentedSteps?[0].seconds = 1e-3
        profile.layerTimes[1].kernels = ["attention": profile.layerTimes[1].seconds.map { $0 * 1.5 }]
        let trace = Trace(profile)
        let decoded = try trace.decoded()
        #expect(decoded.faults == [] && decoded.nestingFaults == [])
        #expect(decoded.slices("layer", on: "steps").count == 7)
        #expect(decoded.slices("layer", on: "instrumented steps, laid end to end").count == 7)
        #expect(trace.leftOut.contains { $0.what == "kernels" && $0.count == 2 })
    }

    @Test("windows at the same time are on tracks of their own, up to a limit that is told")
    func lanes() throws {
        var profile = TimedProfile.make(steps: 1)
        profile.energyWindows = (0..<40).map { _ in profile.energyWindows[0] }
        let trace = Trace(profile)
        let decoded = try trace.decoded()
        #expect(decoded.faults == [] && decoded.nestingFaults == [])
        #expect(decoded.slices("window").count == 32)
        #expect(Set(decoded.slices("window").map(\.track)).count == 32)
        #expect(trace.leftOut.contains { $0.what == "slices of energy windows" && $0.count == 8 })
    }

    @Test("samples that fill the trace are counted, and nothing overflows")
    func tooLong() throws {
        var profile = TimedProfile.make(steps: 1)
        profile.steps = (0..<20).map { _ in StepSample(seconds: 9.9e7, cpuSeconds: 0) }
        let trace = Trace(profile)
        #expect(try trace.decoded().faults == [])
        #expect(trace.leftOut.contains { $0.what == "steps" && $0.count == 9 })
        // The layers of one step take longer than a trace may.
        let (layers, seconds) = (profile.layers.count, 9.9e7)
        profile.instrumentedSteps = nil
        profile.layerTimes = (0..<40).flatMap { _ in profile.layerTimes }.map { times in
            var times = times
            times.seconds = [seconds]
            times.kernels = Dictionary(uniqueKeysWithValues: (0..<200).map { ("k\($0)", [seconds]) })
            return times
        }
        let longer = Trace(profile)
        #expect(try layers == 4 && longer.decoded().faults == [])
        #expect(longer.leftOut.contains { $0.what == "steps" && $0.count == 10 })
    }
}
