import ProfileFormat
import Quantities
import Reporting
import SystemIO
import TestSupport
import Testing
import Workload

@Suite("Trace of a profile")
struct ProfileTraceTests {
    private func name(_ times: LayerTimes, of profile: Profile) -> String {
        let kind = profile.layers[times.layer].kind
        return "\(kind == .block ? "block \(times.layer)" : kind.rawValue) \(times.direction.rawValue)"
    }

    /// Sums of slices by pass and by kernel against the profile's samples.
    ///
    /// - Parameter tolerance: nanoseconds for each sample.
    private func expectSums(
        of profile: Profile, in trace: DecodedTrace, tolerance: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let layers = trace.sums("layer")
        for times in profile.layerTimes {
            let (sum, name) = (times.seconds.reduce(0, +) * 1e9, name(times, of: profile))
            let limit = tolerance * Double(times.seconds.count)
            #expect(abs(Double(layers[name] ?? 0) - sum) <= limit, "\(name)", sourceLocation: sourceLocation)
            let kernels = trace.sums("kernel", within: name)
            #expect(kernels.count <= times.kernels.count, sourceLocation: sourceLocation)
            for (kernel, samples) in times.kernels {
                let sum = samples.reduce(0, +) * 1e9
                #expect(
                    abs(Double(kernels[kernel] ?? 0) - sum) <= limit, "\(name), \(kernel)",
                    sourceLocation: sourceLocation)
            }
        }
    }

    @Test("slices nest, and sum to the profile's seconds to the nanosecond")
    func sums() throws {
        let profile = TimedProfile.make()
        let trace = try Trace(profile).decoded()
        #expect(trace.faults == [] && trace.nestingFaults == [])
        // Clock readings are whole nanoseconds, so that nothing is rounded but kernels of planted shares.
        expectSums(of: profile, in: trace, tolerance: 0.5)
        let layers = profile.layerTimes.reduce(0) { $0 + $1.seconds.reduce(0, +) }
        let sum = trace.slices("layer").reduce(0) { $0 + $1.nanoseconds }
        #expect(sum == UInt64((layers * 1e9).rounded()))
        #expect(trace.slices("step").count == 8 && trace.slices("layer").count == 4 * 7)
        #expect(trace.slices("kernel").count == 4 * 6 * 3)
        #expect(trace.slices("kernel").allSatisfy { $0.parent.map { trace.slices[$0].category } == "layer" })
        #expect(trace.slices("layer").allSatisfy { $0.parent.map { trace.slices[$0].name } == "instrumented step" })
    }

    @Test("numbers that are not whole nanoseconds are rounded so that slices still nest")
    func rounding() throws {
        var profile = TimedProfile.make(gap: 0)
        for place in profile.layerTimes.indices {
            profile.layerTimes[place].seconds = profile.layerTimes[place].seconds.map { $0 + 0.5e-9 }
            // Kernels that fill their layer, four of them with halves of nanoseconds.
            profile.layerTimes[place].kernels = Dictionary(
                uniqueKeysWithValues: ["rope", "attention", "o_proj", "swiglu"].map {
                    ($0, profile.layerTimes[place].seconds.map { $0 / 4 })
                })
        }
        for place in profile.instrumentedSteps?.indices ?? 0..<0 {
            profile.instrumentedSteps?[place].seconds = profile.layerTimes.reduce(0) { $0 + $1.seconds[place] }
        }
        let trace = try Trace(profile).decoded()
        #expect(trace.faults == [] && trace.nestingFaults == [])
        #expect(trace.slices("step", inGroup: "laid end to end").isEmpty)
        expectSums(of: profile, in: trace, tolerance: 5)
    }

    @Test("layers lie where the counters were read between them, without such readings one after another")
    func boundaries() throws {
        var profile = TimedProfile.make(steps: 1)
        func starts() throws -> [UInt64] { try Trace(profile).decoded().slices("layer").map(\.start) }
        let began: UInt64 = 201_000_000
        let read = try starts()
        #expect(read.first == began + 5000)
        #expect(read[1] == began + 5000 + 1_000_001 + 20_000)
        profile.stepTraces = nil
        let packed = try starts()
        #expect(packed.first == began && packed[1] == began + 1_000_001)
        #expect(read.count == packed.count)
    }

    @Test("kernels are in the order of computing: AdamW last")
    func kernelOrder() throws {
        let trace = try Trace(TimedProfile.make(steps: 1)).decoded()
        func kernels(_ layer: String) -> [String] {
            trace.slices("kernel").filter { $0.parent.map { trace.slices[$0].name } == layer }.map(\.name)
        }
        #expect(kernels("block 1 forward") == ["qkv_proj", "attention", "adamw"])
        #expect(kernels("block 1 backward") == ["attention", "qkv_proj", "adamw"])
    }

    @Test("power is in watts by domain and in all, from the window's start")
    func power() throws {
        let trace = try Trace(TimedProfile.make(steps: 1)).decoded()
        let total = try #require(trace.counter("power"))
        #expect(total.unit == "W")
        #expect(total.values.map(\.time) == [0, 100_000_000, 200_000_000])
        #expect(zip(total.values, [8, 30, 32]).allSatisfy { abs($0.value - $1) < 1e-9 })
        let package = try #require(trace.counter("power: package-0"))
        #expect(package.unit == "W" && abs(package.values[1].value - 22.5) < 1e-9)
        // A domain that was not read has no track, and none is zero.
        #expect(trace.counter("power: psys") == nil)
        let window = try #require(trace.slices("window").first)
        #expect(window.name == "steps" && window.annotations["origin"]?.stringValue == "measured")
        #expect(abs((window.annotations["watts"]?.doubleValue ?? 0) - 30) < 1e-9)
        #expect(window.annotations["iterations"]?.intValue == 1)
    }

    @Test("the state of the box has units; means begin with their entry, readings end it; what is missing is not zero")
    func conditions() throws {
        let trace = try Trace(TimedProfile.make()).decoded()
        let units = [
            "frequency": "Hz", "temperature": "°C", "load from other processes": "CPUs", "steal time": "CPUs",
            "waiting threads": "threads", "stopped by the CPU quota": "s/s", "thermal throttling": "events",
        ]
        for (name, unit) in units { #expect(trace.counter(name)?.unit == unit, "\(name)") }
        #expect(trace.counter("reference loop") == nil)
        let load = try #require(trace.counter("load from other processes"))
        #expect(load.values.map(\.time) == [0, 100_000_000] && load.values.map(\.value) == [0, 1.5])
        let hertz = try #require(trace.counter("frequency"))
        #expect(hertz.values.map(\.time) == [100_000_000, 200_000_000, 500_000_000])
        #expect(trace.counter("temperature")?.values.map(\.value) == [50, 60.5])
    }

    @Test("every counter of a trace has a unit")
    func units() throws {
        let trace = try Trace(TimedProfile.make()).decoded()
        #expect(trace.tracks.values.allSatisfy { $0.unit.map { !$0.isEmpty } ?? true })
    }

    @Test("the same profile gives the same bytes")
    func deterministic() throws {
        let profile = TimedProfile.make()
        let bytes = try PerfettoWriter.bytes(of: Trace(profile))
        let again = try KerfJSON.decode(Profile.self, from: KerfJSON.encode(profile), named: "again")
        #expect(try PerfettoWriter.bytes(of: Trace(again)) == bytes)
    }

    @Test("a profile without a meter has no power, and its idle is not drawn")
    func noMeter() throws {
        var synthetic = SyntheticProfile()
        synthetic.origin = .unavailable
        let trace = try Trace(synthetic.make()).decoded()
        #expect(trace.faults == [] && trace.values.isEmpty)
        #expect(trace.slices("window").isEmpty && trace.slices("idle").isEmpty && !trace.slices("layer").isEmpty)
    }

    @Test("an interleaved step says that its passes may be those of two")
    func interleaved() throws {
        var profile = TimedProfile.make(steps: 2)
        profile.instrumentedSteps?[1].pair = 7
        let steps = try Trace(profile).decoded().slices("step").filter { $0.name == "instrumented step" }
        #expect(steps.map { $0.annotations["interleaved"] != nil } == [false, true])
    }

    @Test("what was rejected is at its place; what has no place is counted")
    func rejected() throws {
        var profile = TimedProfile.make(steps: 2)
        profile.rejections = [
            Rejection(reason: "step window: load from other processes", count: 2),
            Rejection(reason: "layer window: load from other processes", count: 2),
            Rejection(reason: "idle window: the counter was not updated in time", count: .max),
            Rejection(reason: "idle window: the counter was not updated in time", count: .max),
        ]
        profile.disturbances = Disturbances(
            measurementCount: 9, measuredSeconds: 4, causes: [],
            rejectedIntervals: [
                RejectedInterval(startSeconds: 0.2, seconds: 0.1, cause: .otherLoad),
                RejectedInterval(startSeconds: 0.4, seconds: 0.05, cause: .otherLoad),
                RejectedInterval(startSeconds: 0.5, seconds: 0.05, cause: .otherLoad),
            ])
        let trace = Trace(profile)
        let decoded = try trace.decoded()
        let slices = decoded.slices("rejected", on: "rejected")
        #expect(slices.map(\.start) == [200_000_000, 400_000_000, 500_000_000])
        #expect(slices.allSatisfy { $0.name == "load from other processes" })
        #expect(trace.leftOut.map(\.count) == [1, .max])
        #expect(trace.leftOut.first?.what == "rejected: layer window: load from other processes")
    }

    @Test("names from a file stay text of one line")
    func hostileNames() throws {
        var profile = TimedProfile.make(steps: 1)
        let hostile = "x\u{1B}[31m\u{202E}\n<script>"
        profile.model.name = hostile
        profile.box.cpuModel = hostile
        profile.meter.name = hostile
        profile.rejections = [Rejection(reason: hostile, count: 3)]
        profile.energyWindows[0].joules[hostile] = 1
        profile.layerTimes[1].kernels[hostile] = profile.layerTimes[1].seconds.map { $0 / 16 }
        let trace = Trace(profile)
        let decoded = try trace.decoded()
        #expect(decoded.faults == [])
        let texts =
            decoded.slices.flatMap { [$0.name] + $0.annotations.keys + $0.annotations.values.map(\.stringValue) }
            + decoded.tracks.values.flatMap { [$0.name, $0.group] } + TraceSummary(trace).leftOutLines
        #expect(texts.allSatisfy { PlainText.isPlain($0) })
        #expect(decoded.counter("power: x?[31m??<script>") != nil)
        #expect(decoded.slices("kernel").contains { $0.name == "x?[31m??<script>" })
        #expect(TraceSummary(trace).leftOutLines.contains { $0.hasPrefix("left out: 3 rejected: x?") })
    }
}
