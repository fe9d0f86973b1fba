import ModelFiles
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@testable import Calibration

@Suite("Calibrations over several workloads")
struct WorkloadSetTests {
    static func input(_ workload: SyntheticWorkload) throws -> Calibrator.Input {
        try input(workload.make(), "\(workload.sequence)-\(workload.batch)-\(workload.rank)-\(workload.base.seed).json")
    }

    static func input(_ profile: Profile, _ name: String) throws -> Calibrator.Input {
        Calibrator.Input(name: name, bytes: try KerfJSON.encode(profile))
    }

    private static func sequences(_ sequences: [Int], seed: UInt64 = 1) throws -> [Calibrator.Input] {
        try sequences.map { try input(SyntheticWorkload(sequence: $0, seed: seed)) }
    }

    /// What a calibration says of a workload compared with the truth, one entry for each number.
    private struct Comparison {
        var name: String
        var quantity: Quantity
        var truth: Double

        var isWithin: Bool {
            guard let lower = quantity.lower, let upper = quantity.upper else { return false }
            return lower <= truth && truth <= upper
        }
        var error: Double { (quantity.value ?? .infinity) / truth - 1 }
    }

    private func comparisons(
        _ calibration: Calibration, _ truth: SyntheticWorkload, kernels: Bool = true
    ) throws -> [Comparison] {
        var all: [Comparison] = []
        for pass in LayerPass.all(of: truth.layers) where !pass.isIdle(in: truth.layers) {
            let layer = calibration.layers[pass.layer]
            let found = pass.direction == .forward ? layer.forward : layer.backward
            let seconds = truth.seconds(of: pass)
            all.append(Comparison(name: "\(pass)", quantity: found.timeSeconds, truth: seconds))
            if let pooled = found.pooled {
                all.append(Comparison(name: "\(pass) pooled", quantity: pooled.timeSeconds, truth: seconds))
            }
            if calibration.meter.origin != .unavailable {
                let joules = truth.watts(of: pass) * seconds
                all.append(Comparison(name: "\(pass) gross", quantity: found.grossEnergyJoules, truth: joules))
                let net = (truth.watts(of: pass) - truth.base.idleWatts) * seconds
                all.append(Comparison(name: "\(pass) net", quantity: found.netEnergyJoules, truth: net))
            }
            guard kernels else { continue }
            for (kernel, seconds) in truth.kernels(of: pass) {
                let quantity = try #require(found.kernelSeconds[kernel])
                all.append(Comparison(name: "\(pass) \(kernel)", quantity: quantity, truth: seconds))
            }
        }
        all.append(Comparison(name: "step", quantity: calibration.step.timeSeconds, truth: truth.stepSeconds))
        return all
    }

    @Test("a held-out sequence: every layer kind within 5 % and its interval, labeled modelled")
    func heldOut() throws {
        let calibration = try Calibrator.calibrate(try Self.sequences([128, 512]), of: WorkloadChoice(sequence: 256))
        let truth = SyntheticWorkload(sequence: 256)
        #expect(calibration.workload.sequence == 256 && calibration.layers.map(\.description) == truth.layers)
        for found in try comparisons(calibration, truth, kernels: false) {
            #expect(abs(found.error) < 0.05, "\(found)")
            #expect(found.isWithin, "\(found)")
            // Energies of this box are simulated, the weaker origin.
            let isEnergy = found.name.hasSuffix("gross") || found.name.hasSuffix("net")
            #expect(found.quantity.origin == (isEnergy ? .simulated : .modelled), "\(found)")
            #expect(found.quantity.reason?.contains("sequence 128 and 512") == true, "\(found)")
        }
        #expect(calibration.pooling?.isEmpty == false)
        #expect(calibration.idlePowerWatts.origin == .simulated && calibration.provenance.count == 2)
        #expect(calibration.warnings.contains { $0.contains("Profile a third sequence") }, "\(calibration.warnings)")
        #expect(calibration.interpolatedFrom == "sequence 128 and 512")
    }

    @Test("with activation checkpointing what is recomputed is interpolated with the rest; a mixture is refused")
    func checkpointing() throws {
        func workload(_ sequence: Int) -> SyntheticWorkload {
            var workload = SyntheticWorkload(sequence: sequence)
            workload.activationCheckpointing = true
            return workload
        }
        let inputs = try [128, 512].map { try Self.input(workload($0)) }
        let calibration = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: 256))
        #expect(calibration.workload.activationCheckpointing == true)
        #expect(calibration.layers.map(\.description) == workload(256).layers)
        #expect(calibration.layers[1].backward.kernelSeconds["rope"] != nil)
        let mixture = [inputs[0], try Self.input(SyntheticWorkload(sequence: 512))]
        let error = #expect(throws: KerfError.self) {
            try Calibrator.calibrate(mixture, of: WorkloadChoice(sequence: 256))
        }
        #expect(error?.message.contains("workload.activation_checkpointing is ") == true, "\(error?.message ?? "")")
    }

    @Test("quantized weights: each layer keeps its formats and their bytes; a mixture is refused")
    func quantized() throws {
        func workload(_ sequence: Int) -> SyntheticWorkload {
            var workload = SyntheticWorkload(sequence: sequence)
            workload.quantizedFormats = (.q4K, .q80)
            return workload
        }
        let inputs = try [128, 512].map { try Self.input(workload($0)) }
        let calibration = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: 256))
        let layers = calibration.layers.map(\.description)
        #expect(layers == workload(256).layers)
        #expect(layers[1].weightFormats == nil && layers[2].weightFormats?["down"] == .q4K)
        // The block of another format is no block of the others' shape.
        let groups = try #require(calibration.pooling)
        #expect(!groups.isEmpty && groups.allSatisfy { $0.members.map(\.layer) == [1, 3, 4] })
        let bytes = layers.map { $0.memory?.weightBytes ?? 0 }
        #expect(5 * bytes[2] < bytes[1])
        let mixture = [inputs[0], try Self.input(SyntheticWorkload(sequence: 512))]
        let error = #expect(throws: KerfError.self) {
            try Calibrator.calibrate(mixture, of: WorkloadChoice(sequence: 256))
        }
        #expect(error?.message.contains("weight_formats") == true, "\(error?.message ?? "")")
    }

    @Test("attention is interpolated over the square of the sequence")
    func attention() throws {
        let calibration = try Calibrator.calibrate(try Self.sequences([128, 512]), of: WorkloadChoice(sequence: 256))
        let laws = try #require(calibration.workloadLaws?.passes.first { $0.layer == 1 && $0.direction == .forward })
        let attention = try #require(laws.kernels.first { $0.kernel == "attention" })
        #expect(attention.unit == .flops && abs(attention.work[1] / attention.work[0] - 16) < 0.2)
        let projection = try #require(laws.kernels.first { $0.kernel == "down_proj" })
        #expect(abs(projection.work[1] / projection.work[0] - 4) < 1e-9)
        let lookup = calibration.workloadLaws?.passes[0].kernels.first { $0.kernel == "embedding_lookup" }
        #expect(lookup?.unit == .bytes)
        let found = try #require(calibration.layers[1].forward.kernelSeconds["attention"]?.value)
        let truth = SyntheticWorkload(sequence: 256)
        let seconds = try #require(truth.kernels(of: LayerPass(layer: 1, direction: .forward))["attention"])
        // A line over the tokens would be 40 % too long.
        #expect(abs(found / seconds - 1) < 0.25)
    }

    @Test(
        "a cliff between two measured workloads is inside the intervals",
        arguments: [[128, 256, 512], [128, 512]], [200, 300, 383, 449])
    func cliff(sequences: [Int], cliffTokens: Int) throws {
        func workload(_ sequence: Int) -> SyntheticWorkload {
            var workload = SyntheticWorkload(sequence: sequence, seed: UInt64(sequence))
            (workload.law.cliffTokens, workload.law.cliffFactor) = (cliffTokens, 1.4)
            workload.base.origin = .unavailable
            // Two workloads do not tell a constant and a cliff apart.
            if sequences.count == 2 { (workload.law.constantSeconds, workload.law.attentionTokenSeconds) = (0, 0) }
            return workload
        }
        let inputs = try sequences.map { try Self.input(workload($0)) }
        for target in [180, 230, 290, 330, 400, 480] {
            let calibration = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: target))
            let found = try comparisons(calibration, workload(target), kernels: false)
            #expect(found.count { !$0.isWithin } == 0, "\(target): \(found.filter { !$0.isWithin })")
        }
    }

    @Test("a measured workload keeps its own calibration, and gets the laws", arguments: [128, 256, 512])
    func measured(sequence: Int) throws {
        let inputs = try Self.sequences([128, 256, 512])
        let calibration = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: sequence))
        let alone = try Calibrator.calibrate(try Self.sequences([sequence]))
        #expect(calibration.layers == alone.layers && calibration.step == alone.step)
        #expect(calibration.warnings == alone.warnings && alone.workloadLaws == nil)
        #expect(calibration.interpolatedFrom == nil && calibration.provenance.count == 3)
        let laws = try #require(calibration.workloadLaws)
        #expect(laws.workloads.map(\.sequence) == [128, 256, 512])
        let place = try #require(laws.workloads.firstIndex { $0.sequence == sequence })
        for law in laws.passes {
            let layer = alone.layers[law.layer]
            let pass = law.direction == .forward ? layer.forward : layer.backward
            #expect(law.timeSeconds[place] == pass.timeSeconds)
            #expect(law.kernels.count == pass.kernelSeconds.count)
            for kernel in law.kernels { #expect(kernel.timeSeconds[place] == pass.kernelSeconds[kernel.kernel]) }
        }
    }

    @Test("interpolation at a measured workload returns it")
    func interpolationAtAMeasuredWorkload() throws {
        let profiles = [128, 256, 512].map { SyntheticWorkload(sequence: $0).make() }
        let grid = WorkloadGrid(profiles.map { WorkloadPoint($0.workload) })
        let fits = profiles.map { TimeFit($0) }
        let shapes = try #require(LayerShapes(profiles[0]))
        for (index, point) in grid.points.enumerated() {
            let interpolation = Interpolation(grid, try grid.cell(around: point))
            let work = WorkMeasures(shapes, profiles[0].workload, points: interpolation.neededPoints)
            let times = InterpolatedTimes(interpolation, fits, work)
            for pass in LayerPass.all(of: profiles[index].layers) {
                let (found, measured) = (times.time(of: pass), fits[index].time(of: pass))
                #expect(abs((found?.value ?? -1) - (measured?.value ?? -2)) <= 1e-12, "\(pass) at \(point)")
                #expect(abs((found?.halfWidth ?? -1) - (measured?.halfWidth ?? -2)) <= 1e-12, "\(pass) at \(point)")
            }
        }
    }

    @Test("batch, sequence and rank together")
    func severalAxes() throws {
        var inputs: [Calibrator.Input] = []
        for batch in [1, 4] {
            for sequence in [128, 512] {
                for rank in [4, 16] {
                    inputs.append(
                        try Self.input(SyntheticWorkload(sequence: sequence, batch: batch, rank: rank)))
                }
            }
        }
        let choice = WorkloadChoice(batch: 2, sequence: 256, loraRank: 8)
        let calibration = try Calibrator.calibrate(inputs, of: choice)
        let truth = SyntheticWorkload(sequence: 256, batch: 2, rank: 8)
        #expect(calibration.workload.loraAlpha == 16 && calibration.layers.map(\.description) == truth.layers)
        for found in try comparisons(calibration, truth, kernels: false) {
            #expect(abs(found.error) < 0.05 && found.isWithin, "\(found)")
        }
        let reversed = try Calibrator.calibrate(inputs.reversed(), of: choice)
        #expect(try KerfJSON.encode(reversed) == KerfJSON.encode(calibration))
        // Without one of the corners.
        let error = #expect(throws: KerfError.self) {
            _ = try Calibrator.calibrate(Array(inputs.dropLast()), of: choice)
        }
        #expect(
            error?.message.contains("batch 4, sequence 512, rank 16 was not measured") == true,
            "\(String(describing: error))")
    }

    @Test(
        "a workload outside of the measured ones is refused",
        arguments: [
            (WorkloadChoice(sequence: 1024), "sequence 1024 is outside of the measured range, 128 to 512"),
            (WorkloadChoice(sequence: 127), "sequence 127 is outside of the measured range, 128 to 512"),
            (WorkloadChoice(sequence: 256, loraRank: 16), "rank 16 is outside of what was measured, 8"),
            (WorkloadChoice(batch: 2, sequence: 128), "batch 2 is outside of what was measured, 1"),
            (WorkloadChoice(), "the profiles are of 2 workloads (sequence 128, 512), a calibration is of one"),
        ])
    func outside(choice: WorkloadChoice, says: String) throws {
        let error = #expect(throws: KerfError.self) {
            _ = try Calibrator.calibrate(try Self.sequences([128, 512]), of: choice)
        }
        #expect(error?.message.contains(says) == true, "\(String(describing: error))")
        #expect(error?.code == .invalidArgument)
    }

    @Test("another workload than that of the only profile is refused")
    func onlyOne() throws {
        let inputs = try Self.sequences([128])
        #expect(throws: KerfError.self) { _ = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: 256)) }
        let chosen = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: 128))
        #expect(try KerfJSON.encode(chosen) == KerfJSON.encode(try Calibrator.calibrate(inputs)))
    }

    @Test("profiles that differ in more than the workload are refused, and the field is named")
    func different() throws {
        let changes: [(String, (inout Profile) -> Void)] = [
            ("box.cpu_model is", { $0.box.cpuModel = "Another CPU" }),
            ("box.engine.version", { $0.box.engine.version = "3.0" }),
            ("workload.dtype", { $0.workload.dtype = .bf16 }), ("workload.threads", { $0.workload.threads = 1 }),
            ("workload.lora_alpha", { $0.workload.loraAlpha = 8 }), ("meter.", { $0.meter.name = "perf" }),
            ("running_hertz", { $0.frequency.runningHertz.value = 2e9 }),
            ("not those that Kerf computes", { $0.layers[2].forwardFlops += 1 }),
        ]
        for (says, change) in changes {
            var other = SyntheticWorkload(sequence: 512).make()
            change(&other)
            let first = try Self.input(SyntheticWorkload(sequence: 128))
            let error = #expect(throws: KerfError.self) {
                _ = try Calibrator.calibrate(
                    [first, try Self.input(other, "b.json")], of: WorkloadChoice(sequence: 256))
            }
            #expect(error?.message.contains(says) == true, "\(String(describing: error))")
            #expect(error?.code == .unusableData)
        }
    }

    @Test("sizes that overflow are refused")
    func hostileSizes() throws {
        let inputs = try [128, 512].map { sequence in
            var profile = SyntheticWorkload(sequence: sequence).make()
            profile.model.headCount = 1 << 40
            profile.workload.loraRank = .max
            return try Self.input(profile, "\(sequence).json")
        }
        let error = #expect(throws: KerfError.self) {
            _ = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: 256))
        }
        #expect(error?.message.contains("not those that Kerf computes") == true, "\(String(describing: error))")
    }

    @Test("several runs of each workload are pooled, and nothing is known without a meter")
    func runs() throws {
        var inputs: [Calibrator.Input] = []
        for seed in 1...3 as ClosedRange<UInt64> {
            for sequence in [128, 512] {
                var workload = SyntheticWorkload(sequence: sequence, seed: seed)
                workload.base.origin = .unavailable
                inputs.append(try Self.input(workload))
            }
        }
        let calibration = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: 256))
        #expect(calibration.provenance.count == 6)
        #expect(calibration.workloadLaws?.workloads.map(\.profiles.count) == [3, 3])
        #expect(calibration.step.grossEnergyJoules.origin == .unavailable)
        #expect(calibration.layers.allSatisfy { $0.forward.grossEnergyJoules.value == nil })
        var truth = SyntheticWorkload(sequence: 256)
        truth.base.origin = .unavailable
        for found in try comparisons(calibration, truth, kernels: false) { #expect(found.isWithin, "\(found)") }
    }

    @Test("a calibration between workloads is what the schema says", .requires(.jsonschema))
    func schema() throws {
        let calibration = try Calibrator.calibrate(try Self.sequences([128, 512]), of: WorkloadChoice(sequence: 256))
        #expect(try SchemaChecker.faults(in: KerfJSON.encode(calibration), schema: "calibration") == [])
    }
}
