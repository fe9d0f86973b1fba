import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@Suite("Calibrator")
struct CalibratorTests {
    static func input(_ profile: Profile, _ name: String = "a.json") throws -> Calibrator.Input {
        Calibrator.Input(name: name, bytes: try KerfJSON.encode(profile))
    }

    static func calibrate(_ planted: SyntheticProfile) throws -> Calibration {
        try Calibrator.calibrate([try input(planted.make())])
    }

    /// Whether a value lies in the interval widened by half its width on each side. With some 40 intervals in one
    /// profile, two of a hundred miss their truth by design; none misses it by so much.
    private func covers(_ quantity: Quantity, _ truth: Double) throws -> Bool {
        let (lower, upper) = (try #require(quantity.lower), try #require(quantity.upper))
        let margin = (upper - lower) / 2
        return lower - margin <= truth && truth <= upper + margin
    }

    @Test("planted times and powers come back, intervals covering them")
    func planted() throws {
        var planted = SyntheticProfile()
        planted.steps = 40
        planted.windows = 12
        planted.slope = 0.1
        let calibration = try Self.calibrate(planted)
        for layer in calibration.layers {
            for (pass, forward) in [(layer.forward, true), (layer.backward, false)] {
                let seconds = planted.seconds(layer: layer.description.index, forward: forward)
                let watts = forward ? planted.forwardWatts : planted.backwardWatts
                if seconds == 0 {
                    #expect(pass.netEnergyJoules.value == 0)
                    #expect(pass.netEnergyJoules.origin == .modelled)
                    continue
                }
                #expect(try covers(pass.timeSeconds, seconds))
                #expect(try covers(pass.grossEnergyJoules, watts * seconds))
                #expect(try covers(pass.netEnergyJoules, (watts - planted.idleWatts) * seconds))
                #expect(try #require(pass.timeSeconds.relativeHalfWidth) < 0.02)
                #expect(pass.grossEnergyJoules.origin == .simulated)
                #expect(pass.timeSeconds.origin == .measured)
            }
        }
        #expect(try covers(calibration.step.timeSeconds, planted.stepSeconds))
        #expect(try covers(calibration.step.grossPowerWatts, planted.stepWatts))
        #expect(try covers(calibration.step.netPowerWatts, planted.stepWatts - planted.idleWatts))
        #expect(try covers(calibration.idlePowerWatts, planted.idleWatts))
        #expect(try covers(calibration.closure.timeRatio, -planted.glue))
        // The layers' energy lacks what the glue draws.
        let glueJoules = planted.stepSeconds * planted.glue * planted.backwardWatts
        #expect(
            try covers(calibration.closure.grossEnergyRatio, -glueJoules / (planted.stepSeconds * planted.stepWatts)))
        let kernel = try #require(calibration.layers[1].forward.kernelSeconds["gateUp_proj"]?.value)
        let block = try #require(calibration.layers[1].forward.timeSeconds.value)
        #expect(abs(kernel / block - 0.5) < 1e-9)
        #expect(calibration.warnings.count == 1, "\(calibration.warnings)")
        #expect(calibration.warnings[0].contains("simulated"))
    }

    @Test("a step hit by preemption moves neither parts nor whole")
    func outliers() throws {
        let clean = try Self.calibrate(SyntheticProfile())
        var profile = SyntheticProfile().make()
        profile.steps[3].seconds += 5
        let index = try #require(profile.layerTimes.firstIndex { $0.layer == 2 && $0.direction == .forward })
        profile.layerTimes[index].seconds[7] += 5
        let hit = try Calibrator.calibrate([try Self.input(profile)])
        let (before, after) = (try #require(clean.step.timeSeconds.value), try #require(hit.step.timeSeconds.value))
        #expect(abs(after / before - 1) < 0.01)
        #expect(abs(try #require(hit.closure.timeRatio.value) - (try #require(clean.closure.timeRatio.value))) < 0.01)
    }

    @Test("the same profile gives the same bytes, whatever it is called")
    func deterministic() throws {
        let profile = SyntheticProfile().make()
        let first = try KerfJSON.encode(Calibrator.calibrate([Self.input(profile, "a.json")]))
        let second = try KerfJSON.encode(Calibrator.calibrate([Self.input(profile, "elsewhere/b.json")]))
        #expect(first == second)
        let again = try KerfJSON.decode(Calibration.self, from: first, named: "calibration.json")
        #expect(try KerfJSON.encode(again) == first, "a calibration survives being read")
    }

    @Test("profiles are pooled in any order, and pooling narrows the intervals")
    func pooled() throws {
        var planted = SyntheticProfile()
        let inputs = try (1...8).map { seed in
            planted.seed = UInt64(seed)
            return try Self.input(planted.make(), "\(seed).json")
        }
        let forwards = try Calibrator.calibrate(inputs)
        let backwards = try Calibrator.calibrate(inputs.reversed())
        #expect(try KerfJSON.encode(forwards) == KerfJSON.encode(backwards))
        #expect(forwards.provenance.count == 8)
        #expect(forwards.provenance.map(\.sha256) == forwards.provenance.map(\.sha256).sorted())
        #expect(forwards.step.timeSeconds.count == 160)
        #expect(forwards.rejections == [Rejection(reason: "steal time", count: 16)])
        let single = try Calibrator.calibrate([inputs[0]])
        let (wide, narrow) = (single.step.timeSeconds.relativeHalfWidth, forwards.step.timeSeconds.relativeHalfWidth)
        #expect(try #require(narrow) < (try #require(wide)))
    }

    @Test("runs that differ are pooled within an interval that their spread allows, not as one sample")
    func betweenRuns() throws {
        var planted = SyntheticProfile()
        planted.steps = 30
        let factors = [0.94, 0.98, 1.02, 1.06]
        func runs(_ vary: (inout SyntheticProfile, Double) -> Void) throws -> Calibration {
            try Calibrator.calibrate(
                factors.enumerated().map { index, factor in
                    var run = planted
                    run.seed = UInt64(index + 1)
                    vary(&run, factor)
                    return try Self.input(run.make(), "\(index).json")
                })
        }
        // Of four runs: t(3) = 3.182 times the standard deviation 0.0516 over 2.
        let expected = 3.182 * 0.0516 / 2
        let slower = try runs { run, factor in
            run.embeddingSeconds *= factor
            run.blockSeconds *= factor
            run.headSeconds *= factor
        }
        for quantity in [
            slower.step.timeSeconds, slower.layers[2].backward.timeSeconds,
            try #require(slower.layers[2].forward.kernelSeconds["qkv_proj"]),
        ] {
            #expect(abs(try #require(quantity.relativeHalfWidth) / expected - 1) < 0.2)
        }
        // The shift is the parts' and the whole's alike, so closure is known better than either.
        let closure = slower.closure.timeRatio
        #expect(try #require(closure.upper) - (try #require(closure.lower)) < expected)
        let hotter = try runs { run, factor in
            run.forwardWatts *= factor
            run.backwardWatts *= factor
        }
        #expect(abs(try #require(hotter.step.grossPowerWatts.relativeHalfWidth) / expected - 1) < 0.2)
        #expect(try #require(hotter.layers[2].forward.grossEnergyJoules.relativeHalfWidth) > 0.8 * expected)
        #expect(try #require(hotter.step.timeSeconds.relativeHalfWidth) < 0.02)
    }

    @Test("profiles at different speeds of the processor are pooled with a warning", arguments: [1.04e-3, 1.3e-3])
    func otherSpeeds(reference: Double) throws {
        var profiles = [SyntheticProfile().make(), SyntheticProfile().make()]
        profiles[1].created = "2026-01-02T00:00:00Z"
        for (place, seconds) in [1e-3, reference].enumerated() {
            profiles[place].frequency.referenceSeconds = Quantity(value: seconds, count: 9, origin: .measured)
        }
        let pooled = try Calibrator.calibrate([
            try Self.input(profiles[0]), try Self.input(profiles[1], "b.json"),
        ])
        let mean = try #require(pooled.frequency.referenceSeconds?.value)
        #expect(abs(mean - (1e-3 + reference) / 2) < 1e-9)
        let warning = "The processor was 30 % slower in one profile than in another"
        #expect(pooled.warnings.contains { $0.hasPrefix(warning) } == (reference > 1.2e-3), "\(pooled.warnings)")
        // Of a profile without the time, the pool has none.
        profiles[1].frequency.referenceSeconds = nil
        let half = try Calibrator.calibrate([
            try Self.input(profiles[0]), try Self.input(profiles[1], "b.json"),
        ])
        #expect(half.frequency.referenceSeconds == nil)
    }

    @Test("how the weights lay comes with the calibration, and with a warning where it matters")
    func residency() throws {
        let cases: [(WeightResidency, String?)] = [
            (.shared, "one block's weights"), (.streaming, "streamed"), (.resident, nil),
        ]
        for (residency, word) in cases {
            var profile = SyntheticProfile().make()
            profile.settings.weightResidency = residency
            let calibration = try Calibrator.calibrate([try Self.input(profile)])
            #expect(calibration.weightResidency == residency)
            let warnings = calibration.warnings.filter { $0.contains("cache") }
            #expect(warnings.count == (word == nil ? 0 : 1))
            if let word { #expect(warnings.first?.contains(word) == true) }
        }
    }

    @Test("text of a profile cannot break the line of a refusal")
    func hostileDifference() throws {
        let profile = SyntheticProfile().make()
        var other = profile
        other.box.cpuModel = "evil\u{1b}[2J\nCPU" + String(repeating: "x", count: 5000)
        let error = try #require(
            #expect(throws: KerfError.self) {
                try Calibrator.calibrate([try Self.input(profile, "a.json"), try Self.input(other, "b.json")])
            })
        #expect(error.message.contains("evil?[2J?CPU"))
        #expect(error.message.count < 400)
        #expect(!error.message.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test("what was taken of something else is refused, and the field is named")
    func different() throws {
        let profile = SyntheticProfile().make()
        var planted = SyntheticProfile()
        planted.seed = 2
        let other = planted.make()
        let changes: [(String, (inout Profile) -> Void)] = [
            ("box.cpu_model is", { $0.box.cpuModel = "Another CPU" }),
            ("box.engine.version", { $0.box.engine.version = "3.0" }),
            ("box.hypervisor is ", { $0.box.hypervisor = "KVM" }),
            ("model.hidden_size", { $0.model.hiddenSize = 128 }),
            ("workload.threads is ", { $0.workload.threads = 64 }),
            // Named before the operations that follow from it.
            (
                "workload.activation_checkpointing is ",
                {
                    $0.workload.activationCheckpointing = true
                    $0.layers[1].backwardFlops = 5e8
                }
            ),
            ("weight_residency", { $0.settings.weightResidency = .streaming }),
            ("running_hertz", { $0.frequency.runningHertz.value = 2e9 }),
            ("meter.", { $0.meter.name = "perf" }),
            ("layers[2].output_bytes", { $0.layers[2].outputBytes += 4 }),
        ]
        for (expected, change) in changes {
            var changed = other
            change(&changed)
            let error = #expect(throws: KerfError.self) {
                try Calibrator.calibrate([try Self.input(profile, "a.json"), try Self.input(changed, "b.json")])
            }
            #expect(error?.message.contains(expected) == true, "\(String(describing: error))")
            #expect(error?.code == .unusableData)
        }
        let error = #expect(throws: KerfError.self) {
            try Calibrator.calibrate([try Self.input(profile, "a.json"), try Self.input(profile, "b.json")])
        }
        #expect(error?.message.contains("same profile") == true)
    }

    @Test("profiles of processors without a name are not taken for those of one box")
    func unknownProcessors() throws {
        var first = SyntheticProfile().make()
        var planted = SyntheticProfile()
        planted.seed = 2
        var second = planted.make()
        first.box.cpuModel = BoxIdentity.unknownProcessor
        second.box.cpuModel = BoxIdentity.unknownProcessor
        let error = #expect(throws: KerfError.self) {
            try Calibrator.calibrate([try Self.input(first, "a.json"), try Self.input(second, "b.json")])
        }
        #expect(error?.message.contains("box.cpu_model is \"unknown CPU\" in both") == true)
        #expect(error?.code == .unusableData)
        _ = try Calibrator.calibrate([try Self.input(first, "a.json")])
    }

    /// The rating is 32 operations a cycle on 2 cores; what it allows is that at the highest frequency.
    @Test(
        "a rating that the same run exceeds is wrong and is not used",
        arguments: [(0.5, true), (1, true), (1.01, true), (1.1, false), (2, false)])
    func refutedRating(share: Double, isUsed: Bool) throws {
        var profile = SyntheticProfile().make()
        let highest = max(
            try #require(profile.frequency.maximumHertz.value), try #require(profile.frequency.runningHertz.value))
        let bytes = Quantity(value: 1e10, count: 5, origin: .measured)
        profile.roofline = Roofline(
            flopsPerSecond: Quantity(value: share * 32 * 2 * highest, count: 5, origin: .measured),
            bytesPerSecond: bytes)
        let calibration = try Calibrator.calibrate([try Self.input(profile)])
        let rated = calibration.rated.flopsPerCyclePerCore
        #expect((rated.value == 32) == isUsed && (rated.origin == .unavailable) == !isUsed)
        #expect((rated.reason?.contains("the rated 32 f32 operations a cycle and core are wrong") == true) == !isUsed)
        let warning = calibration.warnings.contains { $0.hasPrefix("Rated speed is not used: the rated 32 ") }
        #expect(warning == !isUsed)
        // The rating of the power stands.
        #expect(calibration.rated.powerWatts == profile.rated.powerWatts)
        // Narrower numbers may be faster than the rating, which is of f32.
        profile.workload.dtype = .bf16
        let narrow = try Calibrator.calibrate([try Self.input(profile)])
        #expect(narrow.rated == profile.rated)
    }

    @Test("without a meter energy is unavailable and says why")
    func noMeter() throws {
        var planted = SyntheticProfile()
        planted.origin = .unavailable
        let calibration = try Self.calibrate(planted)
        for quantity in [
            calibration.layers[1].forward.netEnergyJoules, calibration.step.grossEnergyJoules,
            calibration.step.netPowerWatts, calibration.idlePowerWatts, calibration.closure.grossEnergyRatio,
        ] {
            #expect(quantity.origin == .unavailable)
            #expect(quantity.value == nil)
            #expect(quantity.reason == "powercap is absent; load intel_rapl_common")
        }
        #expect(calibration.closure.timeRatio.value != nil)
        #expect(calibration.warnings.isEmpty)
    }

    @Test("where all windows of the step are rejected, the cause is said, and not to profile for longer")
    func rejectedSteps() throws {
        var profile = SyntheticProfile().make()
        profile.energyWindows.removeAll { $0.subject == .step }
        // Fewer than the layers' windows that were kept.
        profile.rejections = [
            Rejection(reason: "step window: the counter may have wrapped more than once", count: 5),
            Rejection(reason: "layer window: steal time", count: 1),
        ]
        let calibration = try Calibrator.calibrate([try Self.input(profile)])
        let reason = try #require(calibration.step.grossPowerWatts.reason)
        #expect(
            reason.contains("rejected were 5 x step window: the counter may have wrapped more than once"), "\(reason)")
        #expect(!reason.contains("longer") && !reason.contains("steal time"), "\(reason)")
    }

    @Test("too few or too noisy windows are not resolved, and what would resolve them is said")
    func unresolved() throws {
        var planted = SyntheticProfile()
        planted.windows = 2
        var calibration = try Self.calibrate(planted)
        var energy = calibration.layers[1].forward.grossEnergyJoules
        #expect(energy.value == nil)
        #expect(try #require(energy.reason).contains("2 of the 3 energy windows of layer 1 forward that are needed"))
        #expect(try #require(energy.reason).contains("profile for longer"))
        #expect(calibration.warnings.contains { $0.contains("energy of 11 of 12 layer passes is not resolved") })

        planted = SyntheticProfile()
        var profile = planted.make()
        var number = 0
        for index in profile.energyWindows.indices where profile.energyWindows[index].layer == 2 {
            // Forward and backward take turns, so pairs are alike and every other pair is low.
            profile.energyWindows[index].joules["package-0"]! *= number % 4 < 2 ? 0.2 : 1.8
            number += 1
        }
        calibration = try Calibrator.calibrate([try Self.input(profile)])
        energy = calibration.layers[2].forward.grossEnergyJoules
        #expect(energy.origin == .unavailable)
        #expect(try #require(energy.reason).contains("the limit is 25.0 %"))
        #expect(calibration.layers[1].forward.grossEnergyJoules.value != nil)
        #expect(calibration.closure.grossEnergyRatio.value == nil)
        #expect(try #require(calibration.closure.grossEnergyRatio.reason).contains("layer 2"))
    }

    @Test("a pass too short to be timed well is resolved by what it means to the step")
    func negligible() throws {
        var planted = SyntheticProfile()
        planted.embeddingSeconds = 0.0001
        var profile = planted.make()
        let index = try #require(profile.layerTimes.firstIndex { $0.layer == 0 && $0.direction == .forward })
        // Half the samples are ten times as long: known to about a factor of two.
        for sample in profile.layerTimes[index].seconds.indices where sample % 2 == 0 {
            profile.layerTimes[index].seconds[sample] *= 10
        }
        let calibration = try Calibrator.calibrate([try Self.input(profile)])
        let energy = calibration.layers[0].forward.grossEnergyJoules
        #expect(try #require(energy.relativeHalfWidth) > 0.25)
        #expect(calibration.closure.grossEnergyRatio.value != nil)
    }

    @Test("net energy is not told where the layer draws no more than the idle box")
    func belowIdle() throws {
        var planted = SyntheticProfile()
        planted.idleWatts = 60
        let calibration = try Self.calibrate(planted)
        #expect(calibration.layers[1].forward.grossEnergyJoules.value != nil)
        #expect(try #require(calibration.layers[1].forward.netEnergyJoules.reason).contains("not above idle power"))
    }

    @Test("an interval that covers the truth does so in 95 of 100 profiles")
    func coverage() throws {
        var planted = SyntheticProfile()
        planted.blocks = 1
        planted.noise = 0.05
        planted.steps = 12
        planted.windows = 6
        let (trials, truth) = (200, planted.forwardWatts * planted.headSeconds)
        var hits = 0
        for seed in 1...trials {
            planted.seed = UInt64(seed)
            let energy = try Self.calibrate(planted).layers[2].forward.grossEnergyJoules
            if try #require(energy.lower) <= truth && truth <= (try #require(energy.upper)) { hits += 1 }
        }
        // Four standard errors below 0.95; half widths added in quadrature are a little wide, so more is allowed.
        #expect(Double(hits) / Double(trials) > 0.95 - 0.062, "\(hits) of \(trials)")
    }
}
