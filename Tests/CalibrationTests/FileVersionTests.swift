import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

/// Files of earlier versions are read as files of the current one.
@Suite("File versions")
struct FileVersionTests {
    private static let known = Quantity(value: 1, count: 3, origin: .measured)

    /// A profile with every field that has another name in older files.
    private static func profile() -> Profile {
        var profile = SyntheticProfile().make()
        let passes = [Double](repeating: 0.5, count: 2 * profile.layers.count - 1)
        profile.instrumentationOverheadPairs = [
            InstrumentationOverheadPair(instrumentedSeconds: passes, plainSeconds: passes, samplingSeconds: 0.25)
        ]
        profile.overhead.samplesPerStep = 3
        profile.roofline = Roofline(flopsPerSecond: known, bytesPerSecond: known)
        profile.layers[1].memory = LayerMemory(
            weightBytes: 1, adapterBytes: 2, optimizerBytes: 3, activationBytes: 4, scratchBytes: 5)
        profile.checks = ProfileChecks(
            closure: Closure(timeRatio: known, grossEnergyRatio: known), attribution: nil, overheadTimeRatio: known,
            overheadEnergyRatio: known, computedOverheadRatio: known, idleDriftRatio: known, failures: [])
        profile.meter.domains.append(EnergyDomain(identifier: "gpu", name: "gpu", role: .external))
        return profile
    }

    private static func trace(of profile: Profile, domains: [String]) -> StepTrace {
        let seconds = (0..<(2 * profile.layers.count)).map(Double.init)
        return StepTrace(
            startSeconds: 1, seconds: seconds,
            joules: Dictionary(uniqueKeysWithValues: domains.map { ($0, seconds.map { $0 * 2 }) }))
    }

    /// The profile as an older version has it.
    private static func text(_ profile: Profile, version: Int) throws -> String {
        var text = String(decoding: try KerfJSON.encode(profile), as: UTF8.self)
        for (old, new) in Profile.renamedKeys(from: version) {
            #expect(text.contains("\"\(new)\" :"), "\(new)")
            text = text.replacing("\"\(new)\" :", with: "\"\(old)\" :")
        }
        return text.replacing("\"external\"", with: "\"beside\"")
            .replacing("\"schema_version\" : 3", with: "\"schema_version\" : \(version)")
    }

    @Test("a field of a new name in an older file is ignored, wherever it is", arguments: [true, false])
    func newNameInAnOlderFile(isFirst: Bool) throws {
        let profile = Self.profile()
        let text = try Self.text(profile, version: 2)
        let stray = "\"instrumentation_overhead_pairs\" : []"
        let damaged =
            isFirst
            ? text.replacing("{", with: "{ \(stray),", maxReplacements: 1)
            : String(text.dropLast(2)) + ", \(stray) }"
        #expect(damaged.contains(stray))
        #expect(try KerfJSON.encode(Self.decode(damaged)) == KerfJSON.encode(profile))
    }

    private static func decode(_ text: String) throws(KerfError) -> Profile {
        try KerfJSON.decode(Profile.self, from: Array(text.utf8), named: "old.json")
    }

    @Test("renamed fields of older profiles are read", arguments: [1, 2])
    func renamed(version: Int) throws {
        let profile = Self.profile()
        let again = try Self.decode(Self.text(profile, version: version))
        #expect(try KerfJSON.encode(again) == KerfJSON.encode(profile))
    }

    @Test("keys that are data keep their name")
    func data() throws {
        var profile = Self.profile()
        profile.layerTimes[2].kernels["peaks"] = profile.layerTimes[2].seconds
        profile.energyWindows[0].joules["optimiser_bytes"] = 4
        let again = try Self.decode(Self.text(profile, version: 2))
        #expect(again.layerTimes == profile.layerTimes)
        #expect(again.energyWindows == profile.energyWindows)
    }

    @Test("a fault in an older file is named as the file names it")
    func fault() throws {
        let text = try Self.text(Self.profile(), version: 2)
        let error = #expect(throws: KerfError.self) {
            try Self.decode(text.replacing("\"own_time_ratio\" :", with: "\"lost\" :"))
        }
        #expect(error?.message.contains("checks: no field own_time_ratio") == true, "\(String(describing: error))")
    }

    @Test("old names mean nothing in a current file")
    func current() throws {
        let text = try Self.text(Self.profile(), version: 2)
            .replacing("\"schema_version\" : 2", with: "\"schema_version\" : 3")
        #expect(throws: KerfError.self) { try Self.decode(text) }
    }

    @Test("a trace of version 1 with one energy is the only domain's, and cannot be used with several")
    func totals() throws {
        var profile = Self.profile()
        profile.meter.totalOf = ["package-0"]
        profile.stepTraces = [Self.trace(of: profile, domains: ["package-0"])]
        // One list in place of an object with one list.
        let object = #/"joules" : \{\s*"package-0" : (\[[^\]]*\])\s*\},\s*"seconds"/#
        let text = try Self.text(profile, version: 1)
        #expect(text.firstMatch(of: object) != nil)
        let old = text.replacing(object) { "\"joules\" : \($0.output.1), \"seconds\"" }
        #expect(try Self.decode(old).stepTraces == profile.stepTraces)
        let several = old.replacing(
            #/"total_of" : \[\s*"package-0"\s*\]/#, with: "\"total_of\" : [\"package-0\", \"package-1\"]")
        let read = try Self.decode(several)
        #expect(read.stepTraces == nil)
        #expect(read.rejections.last?.count == 1)
        // Only version 1 has such traces.
        #expect(throws: KerfError.self) {
            try Self.decode(old.replacing("\"schema_version\" : 1", with: "\"schema_version\" : 2"))
        }
    }

    @Test("versions that cannot be read are refused", arguments: [0, 4, -1])
    func unreadable(version: Int) throws {
        let text = try Self.text(Self.profile(), version: version)
        let error = #expect(throws: KerfError.self) { try Self.decode(text) }
        #expect(error?.code == .wrongSchema)
        #expect(error?.message == "version \(version) of kerf.profile; this Kerf reads versions 1 to 3")
        #expect(error?.remedy == (version > 3 ? "update Kerf" : "make the file again with this Kerf"))
    }
}
