import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

/// Each level adds one thing; where that has no effect, it decides as the level below.
@Suite("Model levels")
struct LevelTests {
    /// A slow device and a server whose frequency can be set, of eight blocks.
    static func pair(_ change: (inout SyntheticProfile) -> Void = { _ in }) throws -> (Calibration, Calibration) {
        var (device, server) = (SyntheticProfile(), SyntheticProfile())
        (device.embeddingSeconds, device.blockSeconds, device.headSeconds) = (0.01, 0.05, 0.1)
        device.cpuModel = "Slow CPU"
        (server.settable, server.hertz) = (true, (1e9, 2e9, 3e9))
        (device.blocks, server.blocks) = (8, 8)
        change(&server)
        return (try DeciderTests.calibration(device), try DeciderTests.calibration(server))
    }

    private func decide(
        _ level: ModelLevel, _ pair: (Calibration, Calibration), _ change: (inout Decider) -> Void = { _ in }
    ) throws -> Decision {
        var decider = Decider(link: try DeciderTests.link("up=1gbit,down=1gbit,rtt=1ms"), weight: 0.5, level: level)
        change(&decider)
        return try DeciderTests.decide(decider, pair.0, pair.1)
    }

    private func expectEqual(_ left: Decision, _ right: Decision, _ tolerance: Double = 1e-12) {
        #expect(left.choice.cut == right.choice.cut)
        for (a, b) in zip(left.cuts, right.cuts) {
            for field in [\DecidedCut.delaySeconds, \.serverEnergyJoules, \.frequencyHertz] {
                let (x, y) = (a[keyPath: field].value ?? -1, b[keyPath: field].value ?? -1)
                #expect(abs(x - y) <= tolerance * max(abs(x), abs(y)), "cut \(a.cut): \(x) and \(y)")
            }
            #expect(abs(a.cost - b.cost) <= tolerance)
        }
    }

    @Test("B with times of operations over rated speed, no head and backward twice forward is A")
    func neutralB() throws {
        var (device, server) = try Self.pair()
        func neutralize(_ calibration: inout Calibration) {
            let speed = calibration.frequency.runningHertz.value! * 32 * 2
            for index in calibration.layers.indices {
                let isBlock = calibration.layers[index].description.kind == .block
                let forward = isBlock ? calibration.layers[1].description.forwardFlops / speed : 0
                calibration.layers[index].forward.timeSeconds = Quantity(value: forward, origin: .modelled)
                calibration.layers[index].backward.timeSeconds = Quantity(value: 2 * forward, origin: .modelled)
                calibration.layers[index].forward.netEnergyJoules = .unavailable("planted")
                calibration.layers[index].forward.grossEnergyJoules = .unavailable("planted")
            }
            // So that B too takes the rated power.
            calibration.step.netPowerWatts = .unavailable("planted")
            calibration.step.grossPowerWatts = .unavailable("planted")
        }
        neutralize(&device)
        neutralize(&server)
        for weight in [0, 0.2, 0.5, 0.9, 1] {
            let (a, b) = (
                try decide(.paper, (device, server)) { $0.weight = weight },
                try decide(.measuredLayers, (device, server)) { $0.weight = weight }
            )
            expectEqual(a, b)
        }
    }

    @Test("C with T as 1/f and P as f^3 is B at the same frequency, and finds the best step")
    func neutralC() throws {
        var (device, server) = try Self.pair()
        // One step only: nothing to choose, so both run at it.
        server.frequency.minimumHertz.value = 2e9
        server.frequency.maximumHertz.value = 2.0000000001e9
        var sweep = SyntheticSweep()
        sweep.stepsHertz = [2e9, 2.0000000001e9]
        var swept = server
        sweep.plant(into: &swept)
        expectEqual(
            try decide(.measuredLayers, (device, server)), try decide(.frequencyLaws, (device, swept)), 1e-6)
        // Without a sweep C is B exactly.
        (device, server) = try Self.pair()
        expectEqual(try decide(.measuredLayers, (device, server)), try decide(.frequencyLaws, (device, server)), 0)
        // Over many steps it comes as close as the steps are fine.
        sweep.stepsHertz = stride(from: 1e9, through: 3e9, by: 1e6).map { $0 }
        swept = server
        sweep.plant(into: &swept)
        for weight in [0.1, 0.5, 0.9] {
            let (b, c) = (
                try decide(.measuredLayers, (device, server)) { $0.weight = weight },
                try decide(.frequencyLaws, (device, swept)) { $0.weight = weight }
            )
            for (left, right) in zip(b.cuts, c.cuts) {
                #expect(right.cost >= left.cost - 1e-9 && right.cost <= left.cost + 1e-5, "cut \(left.cut)")
            }
        }
    }

    @Test("D without limits is C, and E on an ideal link without overlap is D")
    func neutralDE() throws {
        var (device, server) = try Self.pair()
        SyntheticSweep(fixedShare: 0.3, staticWatts: 10, dynamicWatts: 30, exponent: 2.4).plant(into: &server)
        device.plantMemory(megabytes: 10)
        let link = try DeciderTests.link("up=1gbit,down=1gbit,rtt=0ms")
        let decisions = try [ModelLevel.frequencyLaws, .memoryLimits, .measuredLink].map { level in
            try decide(level, (device, server)) { $0.link = link }
        }
        expectEqual(decisions[0], decisions[1], 0)
        expectEqual(decisions[1], decisions[2], 0)
        #expect(
            decisions[0].cuts.dropLast().allSatisfy { [1e9, 1.5e9, 2e9, 2.5e9, 3e9].contains($0.frequencyHertz.value) })
    }

    /// A time that grows faster than 1/f has a share below zero.
    @Test("C follows the planted laws: a + b/f in time, P0 + k f^alpha in power", arguments: [0.4, -0.1])
    func laws(fixedShare: Double) throws {
        let (device, unswept) = try Self.pair()
        var server = unswept
        let sweep = SyntheticSweep(fixedShare: fixedShare, staticWatts: 12, dynamicWatts: 28, exponent: 2.2)
        sweep.plant(into: &server)
        let plain = try decide(.measuredLayers, (device, server)) { $0.weight = 1 }
        let slow = try decide(.frequencyLaws, (device, server)) { $0.weight = 0 }
        let power = { (hertz: Double) in 12 + 28 * PowerShape(staticShare: 0, exponent: 2.2).factor(hertz / 3e9) }
        for (b, c) in zip(plain.cuts, slow.cuts).dropLast() {
            let hertz = try #require(c.frequencyHertz.value)
            // B ran at 3 GHz; its time at f0 = 2 GHz is 1.5 times as long.
            let atReference = b.delayParts.serverSeconds * 1.5
            let factor = fixedShare + (1 - fixedShare) * 2e9 / hertz
            #expect(abs(c.delayParts.serverSeconds / (atReference * factor) - 1) < 1e-9)
            let joules = try #require(b.serverEnergyJoules.value) / (1.5 * 1.5) * factor * power(hertz) / power(2e9)
            #expect(abs(try #require(c.serverEnergyJoules.value) / joules - 1) < 1e-9)
        }
        // A law that leads to no time at a step is not used.
        SyntheticSweep(fixedShare: -3, staticWatts: 12, dynamicWatts: 28, exponent: 2.2).plant(into: &server)
        for (b, c) in zip(plain.cuts, try decide(.frequencyLaws, (device, server)) { $0.weight = 0 }.cuts).dropLast() {
            let hertz = try #require(c.frequencyHertz.value)
            #expect(abs(c.delayParts.serverSeconds / (b.delayParts.serverSeconds * 3e9 / hertz) - 1) < 1e-9)
        }
        // With static power the lowest frequency does not use the least energy.
        let racing = SyntheticSweep(fixedShare: 0, staticWatts: 100, dynamicWatts: 1, exponent: 3)
        racing.plant(into: &server)
        let fast = try decide(.frequencyLaws, (device, server)) { $0.weight = 0 }
        #expect(fast.cuts.dropLast().allSatisfy { $0.frequencyHertz.value == 3e9 })
    }

    @Test("memory caps and the privacy floor are never violated")
    func limits() throws {
        var (device, server) = try Self.pair()
        device.plantMemory(megabytes: 100, scratch: 50)
        server.plantMemory(megabytes: 100, scratch: 50)
        var generator = SeededGenerator(seed: 3)
        var refused = 0
        for _ in 0..<200 {
            // The device's layers at cut c: embedding and c blocks, the head too at 8; the server's the rest. Each kind
            // of layer has scratch memory of its own, and who has both embedding and head keeps their matrix once.
            let limits = CutLimits(
                deviceMemoryBytes: 1e8 * Double.random(in: 1...12, using: &generator),
                serverMemoryBytes: 1e8 * Double.random(in: 1...12, using: &generator),
                minimumCut: Int.random(in: 0...8, using: &generator))
            func fits(_ cut: Int) -> Bool {
                let onDevice = cut == 0 ? 0 : cut == 8 ? 10 : cut + 1
                let whole = 1e9 - 1e8 + 1.5e8
                let a = onDevice == 10 ? whole : onDevice > 0 ? 1e8 * Double(onDevice) + 1e8 : 0
                let b = onDevice == 0 ? whole : 1e8 * Double(10 - onDevice) + 1e8
                return a <= limits.deviceMemoryBytes! && (onDevice == 10 || b <= limits.serverMemoryBytes!)
                    && cut >= limits.minimumCut
            }
            let allowed = (0...8).filter(fits)
            do {
                let decision = try decide(.memoryLimits, (device, server)) {
                    ($0.limits, $0.weight) = (limits, Double.random(in: 0...1, using: &generator))
                }
                #expect(decision.cuts.filter { $0.exclusion == nil }.map(\.cut) == allowed)
                #expect(fits(decision.choice.cut) && decision.choice.tiedCuts.allSatisfy(fits))
            } catch let error as KerfError {
                #expect(error.code == .infeasible && allowed.isEmpty, "\(error)")
                refused += 1
            }
        }
        #expect(refused > 0 && refused < 200)
    }

    @Test("limits that mean nothing, or that the calibration cannot answer for")
    func badLimits() throws {
        let pair = try Self.pair()
        for limits in [CutLimits(minimumCut: -1), CutLimits(minimumCut: 9), CutLimits(deviceMemoryBytes: .nan)] {
            let error = #expect(throws: KerfError.self) { try decide(.memoryLimits, pair) { $0.limits = limits } }
            #expect(error?.code == .invalidArgument)
        }
        let error = #expect(throws: KerfError.self) {
            try decide(.memoryLimits, pair) { $0.limits = CutLimits(deviceMemoryBytes: 1e9) }
        }
        #expect(error?.code == .incomplete && error?.description.contains("how much memory") == true)
        let micro = #expect(throws: KerfError.self) { try decide(.measuredLink, pair) { $0.microBatches = 3 } }
        #expect(micro?.description.contains("divide the batch of 2") == true)
    }

    @Test("energy of waiting and of the device is what the calibrations say")
    func scopes() throws {
        let pair = try Self.pair()
        let computing = try decide(.measuredLink, pair) { ($0.account, $0.weight) = (.gross, 1) }
        let waiting = try decide(.measuredLink, pair) { ($0.scope, $0.weight) = (.waiting, 1) }
        let device = try decide(.measuredLink, pair) { ($0.scope, $0.weight) = (.device, 1) }
        let idle = try #require(pair.1.idlePowerWatts.value)
        for cut in computing.cuts.indices {
            let (a, b, c) = (computing.cuts[cut], waiting.cuts[cut], device.cuts[cut])
            let base = try #require(a.serverEnergyJoules.value)
            let wait = try #require(a.delaySeconds.value) - a.delayParts.serverSeconds
            #expect(abs(try #require(b.serverEnergyJoules.value) - base - idle * wait) < 1e-9 * base + 1e-9)
            let layers = cut == 0 ? [] : cut == 8 ? pair.0.layers[...] : pair.0.layers[...cut]
            let own = layers.reduce(0) {
                $0 + ($1.forward.grossEnergyJoules.value ?? 0) + ($1.backward.grossEnergyJoules.value ?? 0)
            }
            let whole = try #require(c.serverEnergyJoules.value)
            #expect(abs(whole - base - idle * wait - 10 * own) < 1e-9 * whole)
        }
        #expect(waiting.energyAccount == .gross)
    }
}
