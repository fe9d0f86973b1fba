import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite("Output that is an input")
struct OutputGuardTests {
    @Test("the same file is refused by whatever name")
    func same() throws {
        let tree = try FixtureTree()
        try tree.write("profile.json", "{}")
        try tree.write("other.json", "{}")
        try tree.link("link.json", "profile.json")
        let profile = tree.file("profile.json").string
        let roundabout = tree.path.string + "/./profile.json"
        for output in [profile, tree.file("link.json").string, roundabout] {
            let error = try #require(
                #expect(throws: KerfError.self) {
                    try OutputGuard.check(output, of: "--out", isNoneOf: [tree.file("other.json").string, profile])
                })
            #expect(error.code == .cannotCreate)
            #expect(error.location == output)
            #expect(error.message.contains("profile.json"))
            #expect(error.remedy?.description.contains("--out") == true)
        }
    }

    @Test("a file of a folder that is read is refused, a result in it passes")
    func folders() throws {
        let tree = try FixtureTree()
        let files = ["config.json", "model.safetensors", "key.pem"]
        for name in files + ["profile.json"] { try tree.write("model/\(name)", "{}") }
        let folder = tree.file("model").string
        for name in files {
            let error = #expect(throws: KerfError.self) {
                try OutputGuard.check("\(folder)/\(name)", of: "--out", isNoneOf: [folder])
            }
            #expect(error?.message == "would replace a file of the input \(folder)")
        }
        for name in ["profile.json", "new.safetensors"] {
            #expect(throws: Never.self) {
                try OutputGuard.check("\(folder)/\(name)", of: "--out", isNoneOf: [folder])
            }
        }
    }

    @Test("another file, a new one and a device pass")
    func different() throws {
        let tree = try FixtureTree()
        try tree.write("profile.json", "{}")
        try tree.write("other.json", "{}")
        let inputs = [tree.file("profile.json").string, tree.file("missing.json").string, "/dev/null"]
        for output in [tree.file("other.json").string, tree.file("new.json").string, "/dev/null"] {
            #expect(throws: Never.self) { try OutputGuard.check(output, of: "--out", isNoneOf: inputs) }
        }
    }
}
