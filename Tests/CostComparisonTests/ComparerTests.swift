import Calibration
import ModelFiles
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@testable import CostComparison

@Suite("Comparisons")
struct ComparerTests {
    private static func input(_ name: String, _ planted: SyntheticProfile = SyntheticProfile()) throws
        -> ComparisonInput
    {
        try ComparisonInput(name: name, bytes: KerfJSON.encode(planted.make()))
    }

    private static func slower(_ share: Double, seed: UInt64 = 9) -> SyntheticProfile {
        var planted = SyntheticProfile()
        planted.embeddingSeconds *= 1 + share
        planted.blockSeconds *= 1 + share
        planted.headSeconds *= 1 + share
        planted.seed = seed
        return planted
    }

    // MARK: - The same file

    @Test("a file and itself: every ratio is exactly 1, and nothing differs")
    func itself() throws {
        let profile = try Self.input("p.json")
        let bytes = try KerfJSON.encode(profile.calibration)
        let calibration = try ComparisonInput(name: "c.json", bytes: bytes)
        for other in [profile, calibration] {
            let comparison = try Comparer().compare([profile, other])
            let found = comparison.comparisons[0]
            #expect(found.betweenRuns == .sameProfiles && found.differences.isEmpty && found.rows.count > 30)
            for row in found.rows {
                #expect(row.ratio.value == 1 && row.ratio.lower == 1 && row.ratio.upper == 1, "\(row.name)")
                #expect(row.verdict == .noDifference && row.detectableRatio == 0, "\(row.name)")
            }
            #expect(comparison.rows(above: 1).isEmpty)
        }
    }

    @Test("the order of two files turns a ratio around")
    func reciprocal() throws {
        let (one, two) = (try Self.input("a.json"), try Self.input("b.json", Self.slower(0.2)))
        let (forth, back) = (try Comparer().compare([one, two]), try Comparer().compare([two, one]))
        #expect(try Comparer().compare([two, one], baseline: 1).comparisons == forth.comparisons)
        for (row, turned) in zip(forth.comparisons[0].rows, back.comparisons[0].rows) {
            let (ratio, other) = (row.ratio, turned.ratio)
            #expect(row.part == turned.part)
            for (value, inverse) in [
                (ratio.value, other.value), (ratio.lower, other.upper), (ratio.upper, other.lower),
            ] {
                #expect(abs((value ?? 0) * (inverse ?? 0) - 1) < 1e-12, "\(row.name)")
            }
        }
    }

    @Test("a typical block is the pooled center where every side has it, else the mean of the blocks on all")
    func typicalBlock() throws {
        let (one, two) = (try Self.input("a.json"), try Self.input("b.json", Self.slower(0.1)))
        let part = ComparedPart(family: .kind, kind: .block, direction: .forward)
        func row(_ other: ComparisonInput, _ value: ComparedValue) throws -> ComparedRow {
            try #require(try Comparer().compare([one, other]).comparisons[0].row(part, value))
        }
        let center = one.calibration.pooling?.first { $0.direction == .forward && $0.value == .timeSeconds }?.center
        #expect(try row(two, .timeSeconds).baseline == center && center != nil)
        #expect(try row(two, .grossEnergyJoules).baseline.reason == "pooled power times pooled time")
        var older = two.calibration
        older.pooling = nil
        let unpooled = try ComparisonInput(older, name: "b.json", kind: .calibration, sha256: two.side.sha256)
        let blocks = one.calibration.layers.filter { $0.description.kind == .block }
        for (value, field) in [
            (.timeSeconds, { $0.timeSeconds }), (.grossEnergyJoules, { $0.grossEnergyJoules }),
        ] as [(ComparedValue, (DirectionCalibration) -> Quantity)] {
            let found = try row(unpooled, value)
            let mean = blocks.reduce(0) { $0 + (field($1.forward).value ?? .nan) } / Double(blocks.count)
            #expect(abs((found.baseline.value ?? 0) / mean - 1) < 1e-12)
            #expect(found.baseline.reason == "mean of 4 layers" && found.other.reason == "mean of 4 layers")
            #expect(found.verdict == .higher)
        }
    }

    @Test("runs are those of the workload, in a calibration of several workloads; none where it is interpolated")
    func runsOfTheWorkload() throws {
        var calibration = try Self.input("a.json").calibration
        let hashes = ["1", "2", "3"].map { String(repeating: $0, count: 64) }
        calibration.provenance = hashes.map { ProfileSource(sha256: $0, created: "2026-01-01", kerfVersion: "0.2.0") }
        func side(_ workloads: [(sequence: Int, profiles: [String])]) throws -> ComparedSide {
            calibration.workloadLaws = WorkloadLaws(
                workloads: workloads.map {
                    MeasuredWorkload(
                        batch: calibration.workload.batch, sequence: $0.sequence,
                        loraRank: calibration.workload.loraRank, profiles: $0.profiles)
                }, passes: [],
                step: StepWorkloadLaw(
                    timeSeconds: [], grossPowerWatts: [], netPowerWatts: [], closureRatio: [], leaveOneOutRatio: []))
            return try ComparisonInput(calibration, name: "c.json", kind: .calibration, sha256: hashes[0]).side
        }
        let sequence = calibration.workload.sequence
        let measured = try side([(sequence, Array(hashes[..<2])), (2 * sequence, [hashes[2]])])
        #expect(measured.runs == 2 && measured.profiles.map(\.sha256) == Array(hashes[..<2]))
        let between = try side([(sequence / 2, Array(hashes[..<2])), (2 * sequence, [hashes[2]])])
        #expect(between.runs == 1 && between.profiles.count == 3)
    }

    // MARK: - Several files

    @Test("five files: one baseline, and intervals that are wider than of two")
    func five() throws {
        let files = try (0..<5).map { place in
            try Self.input("\(place).json", Self.slower(0.05 * Double(place), seed: UInt64(place + 1)))
        }
        let comparison = try Comparer().compare(files, baseline: 2)
        #expect(comparison.sides.map(\.name) == ["2.json", "0.json", "1.json", "3.json", "4.json"])
        #expect(comparison.comparisons.map(\.side) == [1, 2, 3, 4])
        let steps = comparison.comparisons.map { $0.row(.step, .timeSeconds) }
        #expect(steps.map { $0?.verdict } == [.lower, .lower, .higher, .higher])
        let alone = try Comparer().compare([files[2], files[0]])
        let (wide, narrow) = (steps[0]?.ratio, alone.comparisons[0].row(.step, .timeSeconds)?.ratio)
        #expect(wide?.value == narrow?.value)
        #expect((wide?.upper ?? 0) > (narrow?.upper ?? .infinity))
        let budget = comparison.errorBudget
        #expect(budget.shares.map(\.family) == [.step, .kind, .block, .kernel])
        #expect(
            budget.shares[0].ratios == 4 * 3 && budget.ratios == comparison.comparisons.reduce(0) { $0 + $1.rows.count }
        )
        let error = budget.shares.reduce(0) { $0 + Double($1.ratios) * $1.errorRate }
        #expect(abs(error - (1 - budget.confidence)) < 1e-12)
        for row in comparison.comparisons.flatMap(\.rows) {
            let share = budget.shares.first { $0.family == row.part.family }
            #expect(row.ratio.confidence == 1 - (share?.errorRate ?? 0))
        }
    }

    @Test("one file, or a baseline that is none")
    func tooFew() throws {
        let file = try Self.input("a.json")
        for (files, baseline) in [([], 0), ([file], 0), ([file, file], 2)] {
            let error = #expect(throws: KerfError.self) { try Comparer().compare(files, baseline: baseline) }
            #expect(error?.code == .invalidArgument)
        }
    }

    // MARK: - What may not differ

    private static let differences: [(field: String, change: @Sendable (inout Profile) -> Void)] = [
        ("workload.batch", { $0.workload.batch = 3 }), ("workload.sequence", { $0.workload.sequence = 64 }),
        ("workload.lora_rank", { $0.workload.loraRank = 4 }),
        ("workload.lora_targets", { $0.workload.loraTargets = [.q] }),
        ("workload.dtype", { $0.workload.dtype = .bf16 }), ("model.name", { $0.model.name = "another" }),
        ("model.hidden_size", { $0.model.hiddenSize = 32 }),
        ("layers[1].output_bytes", { $0.layers[1].outputBytes = 1 }),
    ]

    @Test("another workload is refused by the field's name", arguments: differences.map(\.field))
    func anotherWorkload(field: String) throws {
        let difference = try #require(Self.differences.first { $0.field == field })
        var profile = SyntheticProfile().make()
        difference.change(&profile)
        let other = try ComparisonInput(name: "b.json", bytes: KerfJSON.encode(profile))
        let error = #expect(throws: KerfError.self) { try Comparer().compare([Self.input("a.json"), other]) }
        #expect(error?.code == .unusableData && error?.location == "b.json")
        #expect(error?.message.contains("\(field) is ") == true, "\(String(describing: error))")
    }

    @Test("threads, weights, engine and box may differ, and are told")
    func anotherBox() throws {
        var profile = SyntheticProfile().make()
        profile.workload.threads = 4
        profile.model.weightsOrigin = "seed 2"
        profile.box.cpuModel = "Another CPU"
        profile.box.engine.name = "openblas"
        profile.frequency.runningHertz.value = 2e9
        profile.settings.weightResidency = .shared
        profile.conditions = ConditionSeries(seconds: [1, 2, 3], celsius: [70, nil, 80])
        let other = try ComparisonInput(name: "b.json", bytes: KerfJSON.encode(profile))
        profile.conditions = ConditionSeries(seconds: [1], celsius: [50])
        profile.frequency.runningHertz.value = 3e9
        profile.box.cpuModel = "Planted CPU"
        let first = try ComparisonInput(name: "a.json", bytes: KerfJSON.encode(profile))
        let notes = try Comparer().compare([first, other]).comparisons[0].notes
        #expect(notes.contains("The boxes of a.json and b.json differ: processors Planted CPU and Another CPU."))
        #expect(notes.contains("The processors of a.json and b.json ran at 3.00 GHz and 2.00 GHz."))
        #expect(notes.contains("The processors of a.json and b.json were at 50 and 80 °C."))
        let plain = try Comparer().compare([Self.input("p.json"), other]).comparisons[0].notes
        #expect(plain.contains { $0.contains("threads 2 and 4; engines onednn 2.6.3 and openblas 2.6.3") })
        #expect(plain.contains { $0.hasPrefix("In memory, weights were resident and shared in p.json and b.json") })
    }

    @Test("operations that are counted otherwise are told, not refused")
    func operations() throws {
        var profile = SyntheticProfile().make()
        profile.layers[2].backwardFlops *= 1.1
        let other = try ComparisonInput(name: "b.json", bytes: KerfJSON.encode(profile))
        let notes = try Comparer().compare([Self.input("a.json"), other]).comparisons[0].notes
        #expect(
            notes.contains(
                "Operations are counted otherwise in a.json and b.json: first, 300 MFLOP and 330 MFLOP in layer 2 backward."
            ))
    }

    // MARK: - Energy

    @Test("without a meter on one side: times are compared, energies are n/a with the reason")
    func noMeter() throws {
        var planted = SyntheticProfile()
        (planted.origin, planted.seed) = (.unavailable, 2)
        let comparison = try Comparer().compare([Self.input("a.json"), Self.input("b.json", planted)])
        let found = comparison.comparisons[0]
        #expect(found.row(.step, .timeSeconds)?.verdict == .noDifference)
        for row in found.rows where row.value != .timeSeconds {
            #expect(row.verdict == .notCompared && row.ratio.value == nil && row.ratio.origin == .unavailable)
            #expect(row.ratio.reason?.isEmpty == false)
        }
        #expect(found.notes.contains { $0.hasPrefix("Energies are n/a: b.json has no meter (powercap is absent") })
        #expect(!comparison.errorBudget.shares.isEmpty && comparison.origin == .measured)
    }

    @Test("a wall plug against packages: compared with a warning that names both; origins are carried")
    func otherDomains() throws {
        var profile = SyntheticProfile().make()
        profile.meter.name = "wall plug"
        profile.meter.domains = [EnergyDomain(identifier: "wall", name: "wall", role: .counted)]
        profile.meter.totalOf = ["wall"]
        profile.meter.origin = .measured
        profile.box.virtualBoard = nil
        for place in profile.energyWindows.indices { profile.energyWindows[place].joules.totalAsWall() }
        for place in profile.idleWindows.indices { profile.idleWindows[place].joules.totalAsWall() }
        let other = try ComparisonInput(name: "b.json", bytes: KerfJSON.encode(profile))
        var planted = SyntheticProfile()
        planted.seed = 2
        let comparison = try Comparer().compare([Self.input("a.json", planted), other])
        let notes = comparison.comparisons[0].notes
        #expect(
            notes.contains(
                "Energies are of different domains and do not compare as they are: powercap (dram + package) in a.json, "
                    + "wall plug (wall) in b.json."))
        #expect(notes.contains("Energies are simulated in a.json and measured in b.json."))
        let energy = try #require(comparison.comparisons[0].row(.step, .grossEnergyJoules))
        #expect(energy.verdict == .noDifference && energy.ratio.origin == .simulated)
        #expect(comparison.origin == .simulated)
        #expect(comparison.warnings == ["Energies of a.json are simulated (planted); no meter was read."])
    }

    // MARK: - Verdicts

    @Test("where less than the resolution could be missed, nothing is claimed")
    func resolution() throws {
        let files = [try Self.input("a.json"), try Self.input("b.json", Self.slower(0))]
        func step(_ resolution: Double) throws -> ComparedRow? {
            try Comparer(resolution: resolution).compare(files).comparisons[0].row(.step, .timeSeconds)
        }
        let detectable = try #require(try step(0.05)?.detectableRatio)
        #expect(detectable > 0.002 && detectable < 0.05)
        #expect(try step(1.01 * detectable)?.verdict == .noDifference)
        #expect(try step(0.99 * detectable)?.verdict == .tooUncertain)
    }

    @Test("a cost without an interval is too uncertain, not equal")
    func noInterval() throws {
        var planted = SyntheticProfile()
        (planted.steps, planted.seed) = (1, 2)
        let found = try Comparer().compare([Self.input("a.json"), Self.input("b.json", planted)]).comparisons[0]
        let row = try #require(found.row(.step, .timeSeconds))
        #expect(row.verdict == .tooUncertain && row.ratio.value != nil && row.ratio.lower == nil)
        #expect(row.ratio.reason == "too few observations for an interval" && row.detectableRatio == nil)
    }

    @Test("rows above a limit are those whose whole interval is")
    func limit() throws {
        let files = [try Self.input("a.json"), try Self.input("b.json", Self.slower(0.1))]
        let comparison = try Comparer().compare(files)
        let step = try #require(comparison.comparisons[0].row(.step, .timeSeconds)?.ratio)
        let (lower, value) = (try #require(step.lower), try #require(step.value))
        let isAbove = { (limit: Double) in
            comparison.rows(above: limit).contains { $0.row.part == .step && $0.row.value == .timeSeconds }
        }
        #expect(lower > 1.05 && value < 1.15)
        #expect(isAbove(1.05) && isAbove(lower.nextDown) && !isAbove(lower) && !isAbove(value))
    }
}

extension [String: Double] {
    /// One domain in the place of the package and its memory.
    fileprivate mutating func totalAsWall() {
        self = ["wall": (self["package-0"] ?? 0) + (self["package-0/dramSide"] ?? 0)]
    }
}
