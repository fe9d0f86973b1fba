import ProfileFormat
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite("Kerf's JSON")
struct KerfJSONTests {
    @Test("keys are snake case; kernel names and domain identifiers stay as they are; everything comes back")
    func roundTrip() throws {
        let profile = SyntheticProfile().make()
        let bytes = try KerfJSON.encode(profile)
        let text = String(decoding: bytes, as: UTF8.self)
        for expected in [
            "\"schema_version\" : 3", "\"flops_per_cycle_per_core\"", "\"total_of\"", "\"package-0/dramSide\" : ",
            "\"gateUp_proj\" : ", "\"mirror_of\" : \"package-0\"", "\"role\" : \"mirror\"", "\"role\" : \"unreadable\"",
            "\"wrap_range_microjoules\" : 262143328850", "\"lora_targets\"",
        ] {
            #expect(text.contains(expected), "\(expected)")
        }
        #expect(!text.contains("gate_up_proj") && !text.contains("dram_side"))
        #expect(text.hasSuffix("}\n"))
        let again = try KerfJSON.decode(Profile.self, from: bytes, named: "profile.json")
        #expect(try KerfJSON.encode(again) == bytes)
        #expect(again.meter == profile.meter)
        #expect(again.box == profile.box)
        #expect(again.layerTimes == profile.layerTimes)
        #expect(again.energyWindows == profile.energyWindows)
    }

    @Test("a number that is not finite is never written")
    func notFinite() throws {
        var profile = SyntheticProfile().make()
        profile.steps[2].cpuSeconds = .nan
        let error = #expect(throws: KerfError.self) { try KerfJSON.encode(profile) }
        #expect(error?.message.contains("steps[2].cpu_seconds") == true, "\(String(describing: error))")
    }

    /// FIPS 180-4 examples, as `sha256sum` prints them.
    @Test("SHA-256")
    func digest() {
        #expect(
            SHA256.hexDigest(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            SHA256.hexDigest(of: Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("a file that is missing, a directory, or endless")
    func reading() throws {
        let tree = try FixtureTree()
        let cases: [(String, KerfError.Code)] = [
            (tree.file("none.json").string, .noSuchFile), (tree.path.string, .noSuchFile), ("/dev/null", .malformed),
            ("/dev/zero", .malformed),
        ]
        for (path, code) in cases {
            let error = #expect(throws: KerfError.self) { try KerfJSON.read(Profile.self, at: path) }
            #expect(error?.code == code, "\(String(describing: error))")
            #expect(error?.location == path)
        }
    }
}
