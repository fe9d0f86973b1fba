import Glibc
import ProbeKit
import RAPL
import SystemIO
import TestSupport
import Testing
import VirtualBoard

/// The board in real time. Nothing here depends on how fast the machine is: counters are compared with what the
/// clocks say has passed, and wait until an update has come.
@Suite(.serialized) struct ServingTests {
    private static func burn(seconds: Double) {
        let start = processCPUSeconds()
        var value = 1.0
        while processCPUSeconds() - start < seconds { for _ in 0..<1000 { value = (value * 1.000001).squareRoot() } }
        #expect(value > 0)
    }

    /// Waits until the counters show a moment later than now.
    private static func update(_ meter: HeldCounterMeter) throws -> EnergyReading {
        let now = try meter.read()
        while true {
            let next = try meter.read()
            if next.microjoules[0] != now.microjoules[0] { return next }
            usleep(200)
        }
    }

    @Test func energyOfAWindowIsThePlantedOne() throws {
        let place = try FixtureTree()
        try ServedBoard.run(place.path, measuring: getpid()) { root in
            let meter = try RAPLProbe(root: root).meter()
            // Twice: the board must have seen this process before its processor time counts.
            _ = try Self.update(meter)
            let before = (MonotonicInstant.now(), processCPUSeconds())
            let start = try Self.update(meter)
            let inner = (MonotonicInstant.now(), processCPUSeconds())
            Self.burn(seconds: 0.2)
            let innerEnd = (MonotonicInstant.now(), processCPUSeconds())
            let end = try Self.update(meter)
            let after = (MonotonicInstant.now(), processCPUSeconds())
            let measured = meter.total(of: try meter.joules(from: start, to: end))
            // The window lies between the two; each bound is the stated function of clocks that were really read.
            let power = BoardPower()
            let least = power.totalJoules(
                seconds: innerEnd.0.seconds(since: inner.0), cpuSeconds: innerEnd.1 - inner.1, frequencyHertz: 2.6e9)
            let most = power.totalJoules(
                seconds: after.0.seconds(since: before.0), cpuSeconds: after.1 - before.1, frequencyHertz: 2.6e9)
            #expect(measured > least * 0.9)
            #expect(measured < most * 1.1)
            #expect(least > 0.2 * 6)
        }
    }

    @Test func countersNeverFall() throws {
        let place = try FixtureTree()
        try ServedBoard.run(place.path) { root in
            let meter = try RAPLProbe(root: root).meter()
            var last = try meter.read()
            for _ in 0..<30 {
                let next = try Self.update(meter)
                #expect(zip(last.microjoules, next.microjoules).allSatisfy { $0 ?? .max <= $1 ?? 0 })
                last = next
            }
            #expect(!(try meter.updateIntervals(observing: 0.1)).isEmpty)
        }
    }

    @Test func processThatHasGoneLeavesIdlePower() throws {
        let place = try FixtureTree()
        let measured = try OtherProcess()
        try ServedBoard.run(place.path, measuring: measured.pid) { root in
            measured.end()
            let meter = try RAPLProbe(root: root).meter()
            let start = try Self.update(meter)
            Self.burn(seconds: 0.05)
            let end = try Self.update(meter)
            let joules = try meter.joules(from: start, to: end)
            let core = try #require(joules["package-0/core"])
            let dram = try #require(joules["package-0/dram"])
            // Idle parts keep their proportion exactly; any processor time would break it.
            #expect(abs(core / dram - 0.6 / 0.7) < 1e-3)
            // And the next process is taken up.
            try VirtualBoard.register(pid: getpid(), in: root)
            _ = try Self.update(meter)
            let busyStart = try Self.update(meter)
            Self.burn(seconds: 0.05)
            let busy = try meter.joules(from: busyStart, to: try Self.update(meter))
            #expect((busy["package-0/core"] ?? 0) / (busy["package-0/dram"] ?? 1) > 1.01 * 0.6 / 0.7)
        }
    }

    @Test func boardMeasuresOneProcessAtATime() throws {
        let place = try FixtureTree()
        let first = try OtherProcess()
        try ServedBoard.run(place.path) { root in
            let registered = root.file("kerf/measured_pid")
            try VirtualBoard.register(pid: first.pid, in: root)
            let error = #expect(throws: KerfError.self) { try VirtualBoard.register(pid: getpid(), in: root) }
            #expect(error?.code == .inUse && error?.message.contains("process \(first.pid)") == true)
            // Only the one that is registered can take itself away, and again if it likes.
            VirtualBoard.unregister(pid: getpid(), in: root)
            #expect(try SysfsFile.text(at: registered) == "\(first.pid)")
            try VirtualBoard.register(pid: first.pid, in: root)
            VirtualBoard.unregister(pid: first.pid, in: root)
            #expect(try SysfsFile.text(at: registered) == "0")
            // One that ended without a word leaves the board free.
            try VirtualBoard.register(pid: first.pid, in: root)
            first.end()
            try VirtualBoard.register(pid: getpid(), in: root)
            #expect(try SysfsFile.text(at: registered) == "\(getpid())")
        }
    }

    /// No process has these numbers: the kernel's largest is 4194304, and none is below 1.
    @Test(arguments: [Int32.max, 4_194_305, 0, -7]) func processThatIsNotThereIsRefused(pid: Int32) throws {
        let place = try FixtureTree()
        let error = #expect(throws: KerfError.self) { try ServedBoard.run(place.path, measuring: pid) { _ in } }
        #expect(error?.code == .notFound && error?.message.contains("no process \(pid)") == true)
        let other = try FixtureTree()
        try ServedBoard.run(other.path) { root in
            #expect(throws: KerfError.self) { try VirtualBoard.register(pid: pid, in: root) }
        }
    }

    @Test func markerNamesTheServerWhileItServes() throws {
        let place = try FixtureTree()
        try ServedBoard.run(place.path) { root in
            let marker = try #require(VirtualBoard.marker(in: root))
            #expect(marker.pid == getpid())
            #expect(marker.isServed)
            let error = #expect(throws: KerfError.self) { try VirtualBoard(root: root.path) }
            #expect(error?.message.contains("process \(getpid())") == true)
        }
        let marker = try #require(VirtualBoard.marker(in: place.root))
        #expect(marker.pid == nil)
        #expect(!marker.isServed)
        #expect(place.root.hasVirtualBoard)
    }
}
