import ProfileFormat
import Quantities
import Statistics
import Synchronization
import SystemIO
import Testing

@testable import ProbeKit

@Suite("Energy from power")
struct PowerSamplerTests {
    private func instant(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(seconds * 1e9)) }

    /// Power that changes linearly is integrated exactly, at whatever times it is sampled.
    @Test func linearPowerIsExactAtAnySamplingTimes() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<100 {
            let (base, slope) = (Double.random(in: 1...50, using: &random), Double.random(in: 0...5, using: &random))
            var integrator = PowerIntegrator(domains: 1, watched: 0)
            var time = 0.0
            for _ in 0..<200 {
                integrator.add([base + slope * time], at: instant(time))
                time += Double.random(in: 0.001...0.05, using: &random)
            }
            let end = integrator.seconds
            let energy = try #require(integrator.joules[0])
            #expect(abs(energy - (base * end + slope * end * end / 2)) < 1e-5 * energy)
        }
    }

    /// A sensor that is updated every 20 ms and sampled every 7 ms: the updates are found, the energy is right.
    @Test func updateIntervalIsFoundBySampling() throws {
        var integrator = PowerIntegrator(domains: 1, watched: 0)
        for sample in 0..<2000 {
            let time = 0.007 * Double(sample)
            integrator.add([10 + (Int(time / 0.02) % 2 == 0 ? 1 : -1)], at: instant(time))
        }
        let refresh = try #require(integrator.refreshSeconds)
        #expect(abs(refresh - 0.021) < 0.0011)
        let energy = try #require(integrator.joules[0])
        #expect(abs(energy / integrator.seconds - 10) < 0.05)
    }

    @Test func missingSampleLosesTheDomainAndNoOther() {
        var integrator = PowerIntegrator(domains: 2, watched: 0)
        integrator.add([5, 3], at: instant(0))
        integrator.add([5, nil], at: instant(1))
        integrator.add([5, 3], at: instant(2))
        #expect(integrator.joules == [10, nil])
        #expect(integrator.microjoules == [10_000_000, nil])
    }

    @Test func clockThatStandsStillAddsNothing() {
        var integrator = PowerIntegrator(domains: 1, watched: 0)
        for _ in 0..<3 { integrator.add([5], at: instant(1)) }
        #expect(integrator.joules == [0] && integrator.samples == 1)
    }

    /// A source whose power is set by the test.
    private final class ScriptedSource: PowerSource {
        let name = "scripted"
        let origin = Origin.simulated
        let tree = EnergyDomainTree([EnergyDomain(identifier: "rail", name: "rail", role: .counted)])
        let samplingSeconds = 0.002
        let statedRefreshSeconds: Double?
        let refreshTimeoutSeconds = 0.05
        let failure = Mutex<KerfError?>(nil)
        private let isFrozen: Bool
        private let samples = Mutex(0)

        init(stated: Double?, isFrozen: Bool = false) {
            statedRefreshSeconds = stated
            self.isFrozen = isFrozen
        }

        /// 20 W, and from sample to sample a microwatt more or less, as of a sensor that is alive.
        func watts() throws(KerfError) -> [Double?] {
            if let failure = failure.withLock({ $0 }) { throw failure }
            let sample = samples.withLock { samples in
                samples += 1
                return samples
            }
            return [isFrozen ? 20 : 20 + Double(sample % 2) * 1e-6]
        }
    }

    @Test func samplerCountsAndStatesItsCost() throws {
        let sampler = try PowerSampler(ScriptedSource(stated: 0.5))
        let start = try sampler.read()
        // However slow the machine: wait for samples, not for time.
        while (sampler.sampling?.samples ?? 0) < 20 { _ = try sampler.read() }
        let end = try sampler.read()
        let joules = try #require(try sampler.joules(from: start, to: end)["rail"])
        let sampling = try #require(sampler.sampling)
        // Stale by a sample at either end, and 20 W throughout.
        let slack = 20 * 2 * sampling.longestGapSeconds
        #expect(abs(joules - 20 * end.instant.seconds(since: start.instant)) <= slack + 1e-3)
        #expect(sampling.refreshSeconds == 0.5 && sampling.intervalSeconds == 0.002)
        #expect(sampling.processorShare >= 0 && sampling.processorShare < 1.01)
    }

    @Test func failureInTheThreadReachesTheReader() throws {
        let source = ScriptedSource(stated: 0.5)
        let sampler = try PowerSampler(source)
        _ = try sampler.read()
        source.failure.withLock { $0 = KerfError(.notFound, "gone") }
        var caught: KerfError?
        while caught == nil {
            do throws(KerfError) { _ = try sampler.read() } catch { caught = error }
        }
        #expect(caught?.code == .notFound)
    }

    /// A recording and a suspended chip state an interval too: only a change shows that the sensor is alive.
    @Test(arguments: [nil, 0.005]) func sourceThatNeverChangesIsNoMeter(stated: Double?) {
        let error = #expect(throws: KerfError.self) {
            try PowerSampler(ScriptedSource(stated: stated, isFrozen: true))
        }
        #expect(error?.code == .staleReading && error?.message.contains("did not change") == true)
        #expect(error?.message.contains("rail") == true, "it is named")
    }

    /// One read that fails costs the windows that it is in, and no other.
    @Test func aGapCostsTheWindowsThatItIsIn() throws {
        let source = ScriptedSource(stated: 0.5)
        let sampler = try PowerSampler(source)
        let before = try sampler.read()
        source.failure.withLock { $0 = KerfError(.ioError, "bus busy") }
        while (try? sampler.read()) != nil {}
        source.failure.withLock { $0 = nil }
        var after = try? sampler.read()
        while after == nil { after = try? sampler.read() }
        let start = try #require(after)
        #expect(start.gaps == before.gaps + 1)
        let error = #expect(throws: KerfError.self) { try sampler.joules(from: before, to: start) }
        #expect(error?.code == .interruptedReading)
        let samples = sampler.sampling?.samples ?? 0
        while (sampler.sampling?.samples ?? 0) < samples + 5 { _ = try sampler.read() }
        #expect(try #require(try sampler.joules(from: start, to: try sampler.read())["rail"]) > 0)
    }

    /// What shows that a sensor is alive is a change in any domain of the total.
    @Test func aChangeInAnyCountedDomainIsFresh() {
        var integrator = PowerIntegrator(domains: 3, watched: 0, counted: [0, 1])
        integrator.add([5, 3, 1], at: instant(0))
        integrator.add([5, 3, 2], at: instant(1))
        #expect(!integrator.hasChanged && integrator.freshInstant == instant(0))
        integrator.add([5, 4, 2], at: instant(2))
        #expect(integrator.hasChanged && integrator.freshInstant == instant(2))
        integrator.add([5, 4, 2], at: instant(3))
        #expect(integrator.freshInstant == instant(2))
    }

    @Test func powerModelIsItsFormula() throws {
        let model = PowerModelMeter(idleWatts: 3, busyWatts: 19, processors: 4, cpuSeconds: { 0 })
        #expect(model.origin == .modelled && model.tree.totalFormula == "box")
        #expect(model.joules(seconds: 10, cpuSeconds: 0) == 30)
        #expect(model.joules(seconds: 10, cpuSeconds: 40) == 190)
        #expect(model.joules(seconds: 10, cpuSeconds: 10) == 70)
        let start = try model.read()
        let end = try model.read()
        let joules = try #require(try model.joules(from: start, to: end)["box"])
        #expect(abs(joules - 3 * end.instant.seconds(since: start.instant)) < 2e-6)
    }
}
