import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

/// A profile may come from anywhere: whatever is wrong with it is one clear line, never a crash or a wrong figure.
@Suite("Hostile profiles")
struct HostileProfileTests {
    private func failure(_ bytes: [UInt8]) throws -> KerfError {
        try #require(
            #expect(throws: KerfError.self) {
                try Calibrator.calibrate([Calibrator.Input(name: "bad.json", bytes: bytes)])
            })
    }

    private func expectFailure(_ bytes: [UInt8], _ expected: String, _ code: KerfError.Code) throws {
        let error = try failure(bytes)
        #expect(error.description.contains(expected), "\(error)")
        #expect(error.code == code, "\(error)")
        #expect(!error.description.contains("\n"))
        #expect(error.description.hasPrefix("bad.json: "))
        #expect(error.remedy != nil || code == .malformed)
    }

    private static let changes: [(String, @Sendable (inout Profile) -> Void)] = [
        ("steps is empty", { $0.steps = [] }),
        ("steps[1].seconds is -1", { $0.steps[1].seconds = -1 }),
        ("steps[1].seconds is 0", { $0.steps[1].seconds = 0 }),
        ("out of range", { $0.energyWindows[0].joules["psys"] = 1e300 }),
        ("layers[1] is not layer 1", { $0.layers.swapAt(1, 2) }),
        ("5 layers for a model of 4 blocks", { $0.layers.removeLast() }),
        ("0 layers", { $0.layers = [] }),
        ("6 layers for a model of 9223372036854775807", { $0.model.blockCount = .max }),
        ("frequency.running_hertz is -3", { $0.frequency.runningHertz.value = -3 }),
        (
            "frequency.reference_seconds is 0.0",
            { $0.frequency.referenceSeconds = Quantity(value: 0, count: 1, origin: .measured) }
        ),
        (
            "a value below zero",
            { $0.conditions = ConditionSeries(seconds: [1, 2], referenceSeconds: [nil, -1e-3]) }
        ),
        (
            "disturbances.rejected_intervals",
            {
                $0.disturbances = Disturbances(
                    measurementCount: 1, measuredSeconds: 1, causes: [],
                    rejectedIntervals: [RejectedInterval(startSeconds: -1, seconds: 1, cause: .steal)])
            }
        ),
        ("impossible size", { $0.layers[2].outputBytes = .max }),
        ("impossible size", { $0.layers[2].adapterBytes = -4 }),
        ("no samples of layer 3 backward", { $0.layerTimes.removeAll { $0.layer == 3 && $0.direction == .backward } }),
        ("no samples of layer 0 forward", { $0.layerTimes = [] }),
        (
            "layer 1 forward has no samples",
            { profile in
                for index in profile.layerTimes.indices { profile.layerTimes[index].seconds = [] }
                for index in profile.layerTimes.indices { profile.layerTimes[index].kernels = [:] }
                profile.layerTimes.removeAll { $0.layer == 0 }
            }
        ),
        ("19 samples where the first layer has 20", { $0.layerTimes[4].seconds.removeLast() }),
        ("kernels.qkv_proj: 19 samples", { $0.layerTimes[4].kernels["qkv_proj"]?.removeLast() }),
        ("is listed twice", { $0.layerTimes.append($0.layerTimes[3]) }),
        ("no layer 77", { $0.layerTimes[3].layer = 77 }),
        ("no layer -1", { $0.layerTimes[3].layer = -1 }),
        ("seconds[2] (layer 1 forward) is -0.5", { $0.layerTimes[2].seconds[2] = -0.5 }),
        ("has no package-0", { $0.energyWindows[3].joules["package-0"] = nil }),
        ("total_of is empty", { $0.meter.totalOf = [] }),
        ("names a domain twice", { $0.meter.totalOf = ["package-0", "package-0"] }),
        ("energy_windows[0] is a window of idle", { $0.energyWindows[0].subject = .idle }),
        ("energy_windows[0].iterations is 0", { $0.energyWindows[0].iterations = 0 }),
        ("no such layer or direction", { $0.energyWindows[1].layer = nil }),
        ("energy_windows[0].start_seconds is 1e+300", { $0.energyWindows[0].startSeconds = 1e300 }),
        ("idle_windows[0].seconds is -1", { $0.idleWindows[0].seconds = -1 }),
        ("energy below zero", { $0.energyWindows[0].joules["package-0"] = -1 }),
        ("settings.confidence is 1", { $0.settings.confidence = 1 }),
        ("batch 0", { $0.workload.batch = 0 }),
        ("weight_formats has no format", { $0.workload.weightFormats = [] }),
        ("activation_checkpointing is false", { $0.workload.activationCheckpointing = false }),
        (
            "forward_only has no backward passes",
            { profile in
                (profile.workload.forwardOnly, profile.workload.activationCheckpointing) = (true, true)
                for index in profile.layers.indices { profile.layers[index].backwardFlops = 0 }
            }
        ),
    ]

    @Test("samples that cannot be used are named", arguments: changes.indices)
    func samples(index: Int) throws {
        let (expected, change) = Self.changes[index]
        var profile = SyntheticProfile().make()
        change(&profile)
        try expectFailure(try KerfJSON.encode(profile), expected, .unusableData)
    }

    @Test("bytes that are no profile")
    func bytes() throws {
        let good = try KerfJSON.encode(SyntheticProfile().make())
        let text = String(decoding: good, as: UTF8.self)
        func changed(_ from: String, _ to: String) throws -> [UInt8] {
            let range = try #require(text.firstRange(of: from))
            return Array((text[..<range.lowerBound] + to + text[range.upperBound...]).utf8)
        }
        try expectFailure([], "is empty", .malformed)
        for cut in [1, 100, good.count / 2, good.count - 3] {
            try expectFailure(Array(good[..<cut]), "not valid JSON, or cut off", .malformed)
        }
        try expectFailure(Array("[1, 2]".utf8), "not a kerf.profile file", .malformed)
        try expectFailure(Array("{}".utf8), "no field schema", .malformed)
        try expectFailure([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0], "not valid JSON", .malformed)
        try expectFailure([UInt8](repeating: UInt8(ascii: "["), count: 1 << 20), "not valid JSON", .malformed)
        try expectFailure(changed("\"seconds\" : 0", "\"seconds\" : NaN"), "not valid JSON", .malformed)
        try expectFailure(changed("\"seconds\" : 0", "\"seconds\" : 1e999, \"x\" : 0"), "bad.json", .malformed)
        try expectFailure(changed("\"seconds\" : 0", "\"seconds\" : null, \"x\" : 0"), "missing", .malformed)
    }

    @Test("another file, a newer and an older version")
    func schemas() throws {
        let calibration = try CalibratorTests.calibrate(SyntheticProfile())
        try expectFailure(
            try KerfJSON.encode(calibration), "this is a kerf.calibration file where a kerf.profile file is needed",
            .wrongSchema)
        let profile = SyntheticProfile().make()
        let error = #expect(throws: KerfError.self) {
            try KerfJSON.decode(Calibration.self, from: try KerfJSON.encode(profile), named: "p.json")
        }
        #expect(error?.message.contains("this is a kerf.profile file") == true)
        #expect(error?.remedy == "run kerf calibrate first")
        var newer = profile
        newer.schemaVersion = 4
        try expectFailure(
            try KerfJSON.encode(newer), "version 4 of kerf.profile; this Kerf reads versions 1 to 3", .wrongSchema)
        var odd = profile
        odd.schema = "evil\u{1b}[31m\nschema"
        try expectFailure(try KerfJSON.encode(odd), "evil?[31m?schema", .wrongSchema)
    }

    @Test("quantities that contradict themselves")
    func quantities() throws {
        let bad: [(Quantity, String)] = [
            (Quantity(value: nil, origin: .measured), "absent if and only if"),
            (Quantity(value: 1, origin: .unavailable, reason: "x"), "absent if and only if"),
            (Quantity(value: nil, origin: .unavailable), "must have a reason"),
            (Quantity(value: 1, lower: 2, upper: 3, confidence: 0.95, origin: .measured), "outside its interval"),
            (Quantity(value: 1, count: 3, degreesOfFreedom: 2, origin: .measured), "have no interval"),
            (
                Quantity(
                    value: 1, lower: 0, upper: 2, confidence: 0.95, count: 3, degreesOfFreedom: 0, origin: .measured),
                "below 0.5"
            ),
            (Quantity(value: 1, lower: 0, origin: .measured), "both bounds"),
            (Quantity(value: 1, lower: 0, upper: 2, confidence: 2, origin: .measured), "between 0 and 1"),
            (Quantity(value: 1, count: -1, origin: .measured), "below zero"),
            (Quantity(value: 1e200, origin: .measured), "out of range"),
        ]
        for (quantity, expected) in bad {
            var profile = SyntheticProfile().make()
            profile.frequency.maximumHertz = quantity
            try expectFailure(try KerfJSON.encode(profile), "frequency.maximum_hertz: ", .malformed)
            try expectFailure(try KerfJSON.encode(profile), expected, .malformed)
        }
    }
}
