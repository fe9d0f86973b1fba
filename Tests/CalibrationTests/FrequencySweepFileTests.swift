import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing

/// The sweep as part of a profile: pooled with others, damaged, and left out. Its laws are tested in virtual time, with
/// the experiment that takes it.
@Suite("A profile's frequency sweep")
struct FrequencySweepFileTests {
    private static let frequencies = [1e9, 1.5e9, 2e9, 2.5e9, 3e9]

    /// A profile whose layers slow down as 1/f below 3 GHz, in two rounds; all its noise comes from the seed.
    private func profile(seed: UInt64 = 1, rounds: Int = 2) -> Profile {
        var planted = SyntheticProfile()
        planted.seed = seed
        planted.steps = 6
        var profile = planted.make()
        let visits = (0..<rounds).flatMap { round in
            Self.frequencies.map { hertz in
                var slow = planted
                slow.seed = seed &+ UInt64(hertz / 1e6) &+ UInt64(round)
                slow.blockSeconds *= 3e9 / hertz
                slow.headSeconds *= 3e9 / hertz
                slow.embeddingSeconds *= 3e9 / hertz
                // 2, 4.5, 8, 12.5 and 18 W on top of 22 W.
                slow.forwardWatts = 22 + 2 * (hertz / 1e9) * (hertz / 1e9)
                slow.backwardWatts = slow.forwardWatts
                let samples = slow.make()
                return FrequencyVisit(
                    hertz: hertz, policyHertz: ["policy0": hertz], achievedHertz: [hertz], steps: samples.steps,
                    layerTimes: samples.layerTimes, idleWindows: samples.idleWindows,
                    energyWindows: samples.energyWindows.filter { $0.subject == .step }, rejections: [])
            }
        }
        profile.frequencySweep = FrequencySweep(seed: 1, budgetSeconds: 60, visits: visits)
        return profile
    }

    private func input(_ profile: Profile, _ name: String = "a.json") throws -> Calibrator.Input {
        Calibrator.Input(name: name, bytes: try KerfJSON.encode(profile))
    }

    @Test("laws of time proportional to 1/f and of power with an exponent of two")
    func laws() throws {
        let laws = try #require(Calibrator.calibrate([input(profile())]).frequencyLaws)
        #expect(laws.inverseFrequencyResidual < 0.02)
        let share = (laws.stepTime.fixedSeconds.value ?? 1) / (laws.stepTime.seconds(atHertz: 3e9) ?? 1)
        #expect(abs(share) < 0.03)
        let power = try #require(laws.grossPower)
        #expect(abs((power.exponent.value ?? 0) - 2) < 0.3)
        #expect(abs((power.staticWatts.value ?? 0) - 22) < 1)
        #expect(power.exponent.count == 10 && power.exponent.confidence == 0.95)
    }

    /// Each window waited a tenth of its length for its edges, at 60 W: neither the step nor the idle box drew that.
    @Test("what polling for the edges of windows draws is in no law")
    func polling() throws {
        let plain = try #require(Calibrator.calibrate([input(profile())]).frequencyLaws)
        var polled = profile()
        func waiting(_ windows: [EnergyWindow]) -> [EnergyWindow] {
            windows.map { window in
                var window = window
                let wait = 0.1 * window.seconds
                window.workSeconds = window.seconds
                window.seconds += wait
                window.pollingSeconds = wait
                window.pollingJoules = window.joules.mapValues { _ in 0 }
                for (domain, share) in [("package-0", 0.9), ("package-0/dramSide", 0.1)] {
                    window.joules[domain, default: 0] += share * 60 * wait
                    window.pollingJoules?[domain] = share * 60 * wait
                }
                return window
            }
        }
        for index in (polled.frequencySweep?.visits ?? []).indices {
            let visit = try #require(polled.frequencySweep).visits[index]
            polled.frequencySweep?.visits[index].idleWindows = waiting(visit.idleWindows)
            polled.frequencySweep?.visits[index].energyWindows = waiting(visit.energyWindows)
        }
        let laws = try #require(Calibrator.calibrate([input(polled)]).frequencyLaws)
        for law in [\FrequencyCalibration.grossPower, \.netPower] {
            let (with, without) = (try #require(laws[keyPath: law]), try #require(plain[keyPath: law]))
            let watts = [with, without].compactMap(\.staticWatts.value)
            #expect(watts.count == 2 && abs(watts[0] - watts[1]) < 0.05, "\(watts)")
        }
    }

    /// The whole box's law is the one above; the efficiency cores by themselves draw 8 W less and take three times as long.
    private func hybrid() throws -> Profile {
        var profile = profile()
        let slow = try #require(profile.frequencySweep).visits.map { visit in
            var visit = visit
            visit.group = "E-core"
            visit.steps = visit.steps.map { StepSample(seconds: 3 * $0.seconds, cpuSeconds: $0.cpuSeconds) }
            visit.energyWindows = visit.energyWindows.map { window in
                var window = window
                window.joules = window.joules.mapValues { $0 - 8 / Double(window.joules.count) * window.seconds }
                return window
            }
            return visit
        }
        profile.frequencySweep?.visits += slow
        profile.frequencySweep?.groups = [SweptGroup(name: "E-core", cpus: [4, 5], threads: 2)]
        return profile
    }

    @Test("a sweep of each kind of core is what the schemas say", .requires(.jsonschema))
    func groupsAreValid() throws {
        #expect(try SchemaChecker.faults(in: KerfJSON.encode(hybrid()), schema: "profile") == [])
        let calibration = try Calibrator.calibrate([input(hybrid())])
        #expect(try SchemaChecker.faults(in: KerfJSON.encode(calibration), schema: "calibration") == [])
    }

    @Test("each kind of core has laws of its own, and the box's are left as they were")
    func groups() throws {
        let calibration = try Calibrator.calibrate([input(hybrid())])
        #expect(calibration.frequencyLaws == (try Calibrator.calibrate([input(profile())]).frequencyLaws))
        let groups = try #require(calibration.frequencyGroups)
        #expect(groups.map(\.group.name) == ["E-core"] && groups[0].group.cpus == [4, 5])
        let (whole, own) = (try #require(calibration.frequencyLaws), groups[0].laws)
        let ratio = (own.stepTime.seconds(atHertz: 2e9) ?? 0) / (whole.stepTime.seconds(atHertz: 2e9) ?? 1)
        #expect(abs(ratio - 3) < 0.01)
        #expect(own.grossPower != nil && own.grossPower != whole.grossPower)
        // Pooled with another one of the same box.
        var second = try hybrid()
        second.created = "2026-01-02T00:00:00Z"
        let both = try Calibrator.calibrate([input(hybrid()), input(second, "b.json")])
        #expect(both.frequencyGroups?[0].laws.stepTime.cycles.count == 20)
    }

    @Test("groups that make no sense are refused")
    func hostileGroups() throws {
        var unknown = try hybrid()
        unknown.frequencySweep?.groups = nil
        var twice = try hybrid()
        twice.frequencySweep?.groups = [SweptGroup](
            repeating: SweptGroup(name: "E-core", cpus: [4, 5], threads: 2), count: 2)
        for (profile, word) in [(unknown, "not swept"), (twice, "twice")] {
            let error = #expect(throws: KerfError.self) { try Calibrator.calibrate([input(profile)]) }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }

    @Test("several profiles' visits are pooled, in any order")
    func pooled() throws {
        let (first, second) = (try input(profile()), try input(profile(seed: 2), "b.json"))
        let both = try Calibrator.calibrate([first, second])
        #expect(both.frequencyLaws?.stepTime.cycles.count == 20)
        #expect(try KerfJSON.encode(both) == KerfJSON.encode(Calibrator.calibrate([second, first])))
        var plain = profile(seed: 3)
        plain.frequencySweep = nil
        let mixed = try Calibrator.calibrate([first, try input(plain, "c.json")])
        #expect(mixed.frequencyLaws?.stepTime.cycles.count == 10)
    }

    @Test("a profile without a sweep has no laws, and nothing is said of them")
    func absent() throws {
        var profile = profile()
        profile.frequencySweep = nil
        let calibration = try Calibrator.calibrate([input(profile)])
        #expect(calibration.frequencyLaws == nil && !calibration.warnings.contains { $0.contains("frequency") })
        let text = String(decoding: try KerfJSON.encode(calibration), as: UTF8.self)
        #expect(!text.contains("frequency_laws"))
    }

    private static let damages: [(String, @Sendable (inout FrequencyVisit) -> Void)] = [
        ("a frequency of -1.0 Hz", { $0.hertz = -1 }), ("a frequency of 0.0 Hz", { $0.achievedHertz = [0] }),
        ("a frequency of 1e-300 Hz", { $0.hertz = 1e-300 }),
        ("steps is empty", { $0.steps = [] }), ("no samples of layer 1 forward", { $0.layerTimes.remove(at: 2) }),
        ("steps[0].seconds is -1", { $0.steps[0].seconds = -1 }),
        ("has no package-0", { $0.energyWindows[0].joules = [:] }),
        ("no layer 9", { $0.layerTimes[0].layer = 9 }),
    ]

    @Test("what is wrong with a visit is one line that names it", arguments: damages.indices)
    func damaged(_ index: Int) throws {
        var profile = profile()
        let (expected, change) = Self.damages[index]
        if var visit = profile.frequencySweep?.visits[3] {
            change(&visit)
            profile.frequencySweep?.visits[3] = visit
        }
        let error = #expect(throws: KerfError.self) { try Calibrator.calibrate([input(profile)]) }
        #expect(error?.description.contains("frequency_sweep.visits[3]: ") == true, "\(String(describing: error))")
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test("empty, single and constant sweeps give no laws and say why")
    func degenerate() throws {
        let full = profile()
        for (keep, word) in [(0, ""), (1, "1 frequencies were swept"), (2, "2 frequencies were swept")] {
            var profile = full
            profile.frequencySweep?.visits.removeLast(10 - keep)
            let calibration = try Calibrator.calibrate([input(profile)])
            #expect(calibration.frequencyLaws == nil)
            #expect(keep == 0 || calibration.warnings.contains { $0.contains(word) })
        }
    }
}
