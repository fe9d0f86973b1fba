import CARD
import Calibration
import ModelFiles
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@Suite("Decider")
struct DeciderTests {
    static func calibration(_ planted: SyntheticProfile) throws -> Calibration {
        try Calibration.planted(planted)
    }

    static func link(_ text: String = "up=20mbit,down=80mbit,rtt=20ms") throws -> Link { try Link(parsing: text) }

    static func decide(_ decider: Decider, _ device: Calibration, _ server: Calibration) throws -> Decision {
        try decider.decide(
            device: .init(calibration: device, sha256: "d"), server: .init(calibration: server, sha256: "s"))
    }

    private var slowDevice: SyntheticProfile {
        var device = SyntheticProfile()
        (device.embeddingSeconds, device.blockSeconds, device.headSeconds) = (0.01, 0.05, 0.1)
        device.cpuModel = "Slow CPU"
        return device
    }

    @Test("level E adds up the measured layers, bytes and messages of each cut; level B leaves the messages out")
    func parts() throws {
        let (device, server) = (try Self.calibration(slowDevice), try Self.calibration(SyntheticProfile()))
        let decision = try Self.decide(Decider(link: Self.link(), steps: 10), device, server)
        let ideal = try Self.decide(Decider(link: Self.link(), steps: 10, level: .measuredLayers), device, server)
        #expect(decision.cuts.map(\.cut) == [0, 1, 2, 3, 4])
        func seconds(_ layers: ArraySlice<LayerCalibration>) -> Double {
            layers.reduce(0) { $0 + ($1.forward.timeSeconds.value ?? 0) + ($1.backward.timeSeconds.value ?? 0) }
        }
        func joules(_ layers: ArraySlice<LayerCalibration>) -> Double {
            layers.reduce(0) { $0 + ($1.forward.netEnergyJoules.value ?? 0) + ($1.backward.netEnergyJoules.value ?? 0) }
        }
        let tokens = 4.0 * 2 * 128
        let smashed = 4.0 * 2 * 128 * 64
        for (cut, row) in decision.cuts.enumerated() {
            let ends = cut == 0 || cut == 4
            let onDevice = cut == 0 ? 0 : seconds(cut == 4 ? device.layers[...] : device.layers[...cut])
            let onServer = cut == 0 ? server.layers[...] : cut == 4 ? [] : server.layers[(cut + 1)...]
            let up = cut == 0 ? 2 * tokens : cut == 4 ? 0 : smashed + tokens
            let expected = [
                10 * onDevice, 10 * up * 8 / 20e6, 10 * seconds(onServer), ends ? 0 : 10 * smashed * 8 / 80e6,
                Double(cut) * 16384 * 8 * (1 / 20e6 + 1 / 80e6),
                0.01 * (cut == 0 ? 10 : cut == 4 ? 2 : 22),
            ]
            let parts = row.delayParts
            let found = [
                parts.deviceSeconds, parts.uplinkSeconds, parts.serverSeconds, parts.downlinkSeconds,
                parts.adapterSeconds, parts.latencySeconds,
            ]
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-12, "cut \(cut): \(found) \(expected)") }
            #expect(abs(try #require(ideal.cuts[cut].delaySeconds.value) - expected.dropLast().reduce(0, +)) < 1e-12)
            #expect(abs(try #require(row.delaySeconds.value) - expected.reduce(0, +)) < 1e-12)
            #expect(abs(try #require(row.serverEnergyJoules.value) - 10 * joules(onServer)) < 1e-9)
            #expect(row.delaySeconds.origin == .modelled)
            #expect(row.delaySeconds.lower != nil)
            #expect(row.serverEnergyJoules.origin == .simulated, "the planted meter is simulated, so is all from it")
            #expect(row.frequencyHertz.value == 3e9)
        }
        #expect(decision.warnings.contains { $0.contains("simulated") })
        let baselines = decision.baselines
        #expect(baselines.map(\.kind) == [.serverOnly, .deviceOnly])
        let chosen = decision.cuts[decision.choice.cut]
        let saving = 100 * (1 - chosen.delaySeconds.value! / baselines[1].at.delaySeconds.value!)
        #expect(abs(try #require(baselines[1].delaySavingPercent) - saving) < 1e-9)
        #expect(baselines[1].energySavingPercent == nil, "device-only spends none of the server's energy")
    }

    @Test("a decision survives being written and read, to the same bytes")
    func file() throws {
        let calibration = try Self.calibration(SyntheticProfile())
        for level in ModelLevel.allCases {
            let decision = try Self.decide(Decider(link: Self.link(), level: level), calibration, calibration)
            let bytes = try KerfJSON.encode(decision)
            let again = try KerfJSON.decode(Decision.self, from: bytes, named: "decision.json")
            #expect(try KerfJSON.encode(again) == bytes)
        }
    }

    @Test("level A: identical layers give an endpoint, whatever the link, the weight and the frequency")
    func levelA() throws {
        var server = SyntheticProfile()
        server.settable = true
        (server.blocks, server.slope) = (8, 0.3)
        var device = slowDevice
        (device.blocks, device.slope, device.hertz) = (8, 0.3, (0.4e9, 0.6e9, 1.5e9))
        let (a, b) = (try Self.calibration(device), try Self.calibration(server))
        var cuts: Set<Int> = []
        for link in ["up=20mbit,down=80mbit,rtt=20ms", "up=10gbit,down=10gbit,rtt=1ms", "up=100kbit,down=1mbit,rtt=1s"]
        {
            for weight in stride(from: 0.0, through: 1.0, by: 0.05) {
                let decision = try Self.decide(Decider(link: Self.link(link), weight: weight, level: .paper), a, b)
                cuts.insert(decision.choice.cut)
            }
        }
        #expect(cuts == [0, 8])
    }

    @Test("level A is the paper's formula")
    func formula() throws {
        var server = SyntheticProfile()
        (server.settable, server.hertz) = (true, (1e9, 2e9, 4e9))
        let calibration = try Self.calibration(server)
        let decision = try Self.decide(Decider(link: Self.link(), weight: 0.2, level: .paper), calibration, calibration)
        // 10 steps of 4 blocks of 3 x 2e8 operations on 2 cores x 32 a cycle.
        let cycles = 10 * 4 * 3 * 2e8 / 64
        #expect(abs(decision.cuts[4].delayParts.deviceSeconds - cycles / 2e9) < 1e-12)
        #expect(decision.cuts.allSatisfy { $0.delayParts.latencySeconds == 0 })
        let xi = 65.0 / (4e9 * 4e9 * 4e9)
        let (delays, energies) = (decision.delayNormalizerSeconds, decision.energyNormalizerJoules)
        #expect(abs(try #require(energies.maximum) - xi * 4e9 * 4e9 * cycles) < 1e-9)
        #expect(energies.minimum == 0)
        let (delaySpan, energySpan) = (try #require(delays.span), try #require(energies.span))
        let cube = 0.2 * energySpan / (2 * xi * 0.8 * delaySpan)
        for row in decision.cuts.dropLast() {
            let frequency = try #require(row.frequencyHertz.value)
            let expected = min(max(cube, 1e27), 64e27)
            #expect(abs(frequency * frequency * frequency / expected - 1) < 1e-9)
            #expect(frequency > 1e9 && frequency < 4e9, "the case is not clipped")
        }
    }

    @Test("only what level A leaves out makes an interior cut right, and level B finds it")
    func interior() throws {
        var (device, server) = (SyntheticProfile(), SyntheticProfile())
        (device.blocks, device.slope, device.blockSeconds) = (8, 2, 0.002)
        // The server is slow in the first blocks and quick in the last ones.
        (server.blocks, server.slope, server.blockSeconds) = (8, -0.11, 0.03)
        server.headSeconds = 0.001
        let (a, b) = (try Self.calibration(device), try Self.calibration(server))
        let fast = try Self.link("up=10gbit,down=10gbit,rtt=10us")
        let measured = try Self.decide(Decider(link: fast, weight: 1, level: .measuredLayers), a, b)
        #expect(measured.choice.kind == .split, "cut \(measured.choice.cut)")
        #expect(measured.baselines.allSatisfy { ($0.delaySavingPercent ?? 0) > 1 })
        let paper = try Self.decide(Decider(link: fast, weight: 1, level: .paper), a, b)
        #expect(paper.choice.kind != .split)
    }

    @Test("without values of energy only delay can be decided, unless a power is declared")
    func noEnergy() throws {
        var planted = SyntheticProfile()
        (planted.origin, planted.ratedWatts) = (.unavailable, nil)
        let calibration = try Self.calibration(planted)
        for level in ModelLevel.allCases {
            var decider = Decider(link: try Self.link(), level: level)
            let error = #expect(throws: KerfError.self) { try Self.decide(decider, calibration, calibration) }
            #expect(error?.code == .noEnergy)
            #expect(error?.remedy == .declaredServerPower)
            decider.weight = 1
            let fast = try Self.decide(decider, calibration, calibration)
            #expect(fast.energyNormalizerJoules.method == .unavailable)
            #expect(fast.cuts.allSatisfy { $0.serverEnergyJoules.origin == .unavailable })
            #expect(fast.baselines.allSatisfy { $0.energySavingPercent == nil })
            decider.weight = 0.2
            decider.declaredServerWatts = 50
            let declared = try Self.decide(decider, calibration, calibration)
            let row = declared.cuts[0]
            let energy = try #require(row.serverEnergyJoules.value)
            #expect(abs(energy - 50 * row.delayParts.serverSeconds) < 1e-9)
            #expect(row.serverEnergyJoules.origin == .modelled)
            #expect(declared.assumptions.contains { $0.contains("declared: 50.0 W") })
            decider.declaredServerWatts = -1
            #expect(throws: KerfError.self) { try Self.decide(decider, calibration, calibration) }
        }
    }

    @Test("level B takes the best value of energy, and reports which")
    func energyLadder() throws {
        let full = try Self.calibration(SyntheticProfile())
        func source(_ change: (inout Calibration) -> Void, _ account: EnergyAccount = .net) throws -> String {
            var changed = full
            change(&changed)
            let decision = try Self.decide(Decider(link: Self.link(), account: account), full, changed)
            return decision.assumptions.joined(separator: " ")
        }
        let missing = Quantity.unavailable("not resolved")
        #expect(try source { _ in }.contains("net energy of each"))
        #expect(try source({ _ in }, .gross).contains("gross energy of each"))
        #expect(try source { $0.layers[2].forward.netEnergyJoules = missing }.contains("mean net power"))
        #expect(
            try source {
                $0.layers[2].forward.netEnergyJoules = missing
                $0.step.netPowerWatts = missing
            }.contains("gross energy of each"))
        #expect(
            try source {
                $0.layers[2].forward.netEnergyJoules = missing
                $0.layers[2].forward.grossEnergyJoules = missing
                $0.step.netPowerWatts = missing
            }.contains("mean gross power"))
        #expect(
            try source {
                $0.layers[2].forward.netEnergyJoules = missing
                $0.layers[2].forward.grossEnergyJoules = missing
                ($0.step.netPowerWatts, $0.step.grossPowerWatts) = (missing, missing)
            }.contains("rated power"))
    }

    @Test("one side may recompute activations and the other not, and the decision says which")
    func checkpointing() throws {
        let plain = try Self.calibration(SyntheticProfile())
        var again = plain
        for layer in 1...4 {
            again.layers[layer].description.backwardFlops += again.layers[layer].description.forwardFlops
        }
        let error = #expect(throws: KerfError.self) { try Self.decide(Decider(link: Self.link()), again, plain) }
        #expect(error?.message.contains("layers[1].backward_flops") == true, "\(error?.message ?? "")")
        again.workload.activationCheckpointing = true
        // Nothing else may differ with it.
        var other = again
        other.layers[2].description.backwardFlops += 1e6
        #expect(throws: KerfError.self) { try Self.decide(Decider(link: Self.link()), other, plain) }
        for (device, server, sides) in [
            (again, plain, ["device"]), (plain, again, ["server"]), (again, again, ["device", "server"]),
            (plain, plain, []),
        ] {
            let decision = try Self.decide(Decider(link: Self.link()), device, server)
            #expect(
                decision.assumptions.filter { $0.contains("checkpointing") }
                    == sides.map { "The \($0) trains with activation checkpointing, as it was profiled." })
        }
    }

    @Test("calibrations that do not belong together are refused, and the field is named")
    func incompatible() throws {
        let good = try Self.calibration(SyntheticProfile())
        let changes: [(String, KerfError.Code, (inout Calibration) -> Void)] = [
            ("workload.batch is 2 on the device and 4", .incompatible, { $0.workload.batch = 4 }),
            ("workload.lora_rank", .incompatible, { $0.workload.loraRank = 4 }),
            ("workload.lora_targets", .incompatible, { $0.workload.loraTargets = [.q] }),
            ("model.name", .incompatible, { $0.model.name = "other" }),
            ("model.hidden_size", .incompatible, { $0.model.hiddenSize = 32 }),
            ("layers[1].output_bytes", .incompatible, { $0.layers[1].description.outputBytes = 4 }),
            ("5 layers for a model of 4 blocks", .incomplete, { $0.layers.removeLast() }),
            ("0 layers", .incomplete, { $0.layers = [] }),
            ("layers[1] is not layer 1", .incomplete, { $0.layers.swapAt(1, 2) }),
            ("no time of layer 3 backward", .incomplete, { $0.layers[3].backward.timeSeconds = .unavailable("x") }),
            ("size below zero", .incomplete, { $0.layers[3].description.adapterBytes = -1 }),
        ]
        for (expected, code, change) in changes {
            var bad = good
            change(&bad)
            let error = #expect(throws: KerfError.self) { try Self.decide(Decider(link: Self.link()), good, bad) }
            #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
            #expect(error?.code == code)
        }
        var same = good
        (same.model.weightsKind, same.model.weightsOrigin, same.workload.threads) = (.gguf, "x.gguf", 16)
        #expect(throws: Never.self) { try Self.decide(Decider(link: Self.link()), good, same) }
    }

    @Test("a box that does not report its frequency can be decided for by measured layers only")
    func noClock() throws {
        var calibration = try Self.calibration(SyntheticProfile())
        calibration.frequency.runningHertz = .unavailable("no cpufreq")
        let decision = try Self.decide(Decider(link: Self.link()), calibration, calibration)
        #expect(decision.cuts.allSatisfy { $0.frequencyHertz.origin == .unavailable })
        let error = #expect(throws: KerfError.self) {
            try Self.decide(Decider(link: Self.link(), level: .paper), calibration, calibration)
        }
        #expect(error?.description.contains("no cpufreq") == true)
        #expect(error?.remedy == .measuredTimes)
    }

    @Test("steps that mean nothing", arguments: [0, -1, Int.max])
    func steps(steps: Int) throws {
        let calibration = try Self.calibration(SyntheticProfile())
        #expect(throws: KerfError.self) {
            try Self.decide(Decider(link: Self.link(), steps: steps), calibration, calibration)
        }
    }
}
