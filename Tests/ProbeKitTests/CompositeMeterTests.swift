import ProbeKit
import ProfileFormat
import Quantities
import Synchronization
import SystemIO
import Testing

/// A meter with an external one, which is in every reading and in no total.
@Suite struct CompositeMeterTests {
    /// Returns scripted readings.
    private final class ScriptedMeter: EnergyMeter, Sendable {
        let name: String
        let origin = Origin.measured
        let tree: EnergyDomainTree
        let answers: Mutex<[UInt64?]>
        let asked = Mutex(0)
        private let other: ScriptedMeter?
        /// How often the other had been asked when this one was, each time.
        let otherAsked = Mutex<[Int]>([])

        /// - Parameter answers: one after the other; `nil` is a failure, and the last one stays.
        init(_ name: String, _ answers: [UInt64?], watching other: ScriptedMeter? = nil) {
            self.other = other
            self.name = name
            self.answers = Mutex(answers)
            tree = EnergyDomainTree([EnergyDomain(identifier: name, name: name, role: .counted)])
        }

        func read() throws(KerfError) -> EnergyReading {
            asked.withLock { $0 += 1 }
            if let other { otherAsked.withLock { $0.append(other.asked.withLock(\.self)) } }
            let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            guard let answer else { throw KerfError(.notFound, "GPU is lost") }
            return EnergyReading(instant: .now(), microjoules: [answer])
        }
    }

    /// Longer than a busy machine makes a test wait between two lines.
    private static let restSeconds = 0.25

    private func rest() {
        let start = MonotonicInstant.now()
        while MonotonicInstant.now().seconds(since: start) <= Self.restSeconds {}
    }

    @Test func theTotalIsTheMetersOwn() throws {
        let meter = CompositeMeter(
            ScriptedMeter("package-0", [1_000_000, 3_000_000]), external: ScriptedMeter("gpu-0", [5, 40_000_005]),
            restSeconds: Self.restSeconds)
        #expect(meter.name == "package-0" && meter.tree.totalFormula == "package-0")
        #expect(meter.tree.domains.map(\.role) == [.counted, .external])
        let start = try meter.read()
        rest()
        let joules = try meter.joules(from: start, to: try meter.read())
        #expect(joules == ["package-0": 2, "gpu-0": 40])
        #expect(meter.total(of: joules) == 2)
    }

    /// At a window's edge the meter is polled without pause, and a driver's call would make every poll slow.
    @Test func theExternalMeterIsReadRarely() throws {
        let gpu = ScriptedMeter("gpu-0", [7])
        let meter = CompositeMeter(ScriptedMeter("package-0", [1]), external: gpu, restSeconds: Self.restSeconds)
        let start = MonotonicInstant.now()
        for _ in 0..<1000 { #expect(try meter.read().microjoules == [1, 7]) }
        let most = MonotonicInstant.now().seconds(since: start) / Self.restSeconds + 1
        #expect(Double(gpu.asked.withLock { $0 }) <= most)
    }

    /// Samples within a step read the total; a driver's call would be part of the step.
    @Test func readingTheTotalDoesNotReadTheExternalMeter() throws {
        let gpu = ScriptedMeter("gpu-0", [7])
        let meter = CompositeMeter(ScriptedMeter("package-0", [1]), external: gpu, restSeconds: Self.restSeconds)
        var total: [UInt64] = []
        _ = try meter.readTotal(into: &total)
        rest()
        _ = try meter.readTotal(into: &total)
        #expect(total == [1, 1] && gpu.asked.withLock { $0 } == 1, "once, when it was made")
    }

    /// While it answers, an update of the meter's counter would be seen late.
    @Test func theExternalMeterIsReadBeforePolling() throws {
        let box = ScriptedMeter("package-0", [1, 1, 2])
        let gpu = ScriptedMeter("gpu-0", [7], watching: box)
        let meter = CompositeMeter(box, external: gpu, restSeconds: Self.restSeconds)
        rest()
        let edge = try #require(try meter.updateEdge())
        #expect(edge.microjoules == [2, 7])
        #expect(gpu.otherAsked.withLock(\.self) == [0, 0])
    }

    @Test func propertiesAreThoseOfTheBoxsMeter() {
        let inner = PowerModelMeter(idleWatts: 1, busyWatts: 2, processors: 1)
        #expect(CompositeMeter(inner, external: ScriptedMeter("gpu-0", [7])).countsProcessorTime)
    }

    /// It fails, or its counter falls, which one that does not wrap never does: zeros may follow.
    @Test(arguments: [[7, nil], [7, 6]] as [[UInt64?]])
    func aLostExternalMeterIsAbsentAndNeverZero(answers: [UInt64?]) throws {
        let gpu = ScriptedMeter("gpu-0", answers)
        let meter = CompositeMeter(
            ScriptedMeter("package-0", [1_000_000, 2_000_000]), external: gpu, restSeconds: Self.restSeconds,
            retryFactor: 1)
        let start = try meter.read()
        #expect(meter.failure == nil && meter.treeNow == meter.tree)
        rest()
        let end = try meter.read()
        #expect(end.microjoules == [2_000_000, nil])
        #expect(try meter.joules(from: start, to: end) == ["package-0": 1])
        #expect(meter.failure != nil, "known from the first failure on")
        for _ in 0..<CompositeMeter.maximumFailures {
            rest()
            _ = try meter.read()
        }
        #expect(gpu.asked.withLock { $0 } == 1 + CompositeMeter.maximumFailures, "a lost meter is not read again")
        guard case .unreadable(let reason) = meter.treeNow.domains[1].role else {
            Issue.record("the external domain is \(meter.treeNow.domains[1].role)")
            return
        }
        #expect(reason.hasPrefix("gpu-0 failed during the run: "))
    }

    /// Its counter goes on meanwhile, so that only the reading that failed lacks it.
    @Test func anExternalMeterThatAnswersAgainIsNotLost() throws {
        let meter = CompositeMeter(
            ScriptedMeter("package-0", [1_000_000]), external: ScriptedMeter("gpu-0", [7, nil, 2_000_007]),
            restSeconds: Self.restSeconds, retryFactor: 1)
        let start = try meter.read()
        rest()
        #expect(try meter.read().microjoules == [1_000_000, nil])
        rest()
        #expect(try meter.joules(from: start, to: try meter.read()) == ["package-0": 0, "gpu-0": 2])
        #expect(meter.failure == nil && meter.treeNow == meter.tree)
    }

    @Test func aFailedExternalMeterIsTriedLaterAndLater() throws {
        let gpu = ScriptedMeter("gpu-0", [7, nil])
        let meter = CompositeMeter(
            ScriptedMeter("package-0", [1_000_000]), external: gpu, restSeconds: Self.restSeconds, retryFactor: 1e6)
        for _ in 0..<3 {
            rest()
            _ = try meter.read()
        }
        #expect(gpu.asked.withLock { $0 } == 2)
    }

    @Test func theMetersOwnFailureIsAnError() throws {
        let meter = CompositeMeter(
            ScriptedMeter("package-0", [nil]), external: ScriptedMeter("gpu-0", [7]), restSeconds: Self.restSeconds)
        #expect(throws: KerfError.self) { try meter.read() }
    }
}
