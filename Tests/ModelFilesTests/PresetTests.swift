import SystemIO
import SystemPackage
import Testing

@testable import ModelFiles

@Suite("Presets")
struct PresetTests {
    /// Parameters as published for each model: an independent check of all shapes at once.
    static let parameters = [
        "gemma-2-2b": 2_614_341_888, "gemma-3-1b": 999_885_952, "llama-2-7b": 6_738_415_616,
        "llama-3.1-8b": 8_030_261_248, "llama-3.2-1b": 1_235_814_400,
        "llama-3.2-3b": 3_212_749_824, "mistral-7b-v0.1": 7_241_732_096, "phi-3-mini-4k": 3_821_079_552,
        "qwen2.5-0.5b": 494_032_768, "qwen2.5-1.5b": 1_543_714_304, "qwen3-0.6b": 596_049_920,
        "smollm2-135m": 134_515_008, "smollm2-360m": 361_821_120,
        "tinyllama-1.1b": 1_100_048_384,
    ]

    @Test("Every preset has the published number of parameters")
    func shapes() throws {
        let presets = ModelPresets(try .locate())
        #expect(presets.names == Self.parameters.keys.sorted())
        for (name, count) in Self.parameters {
            let model = try presets.model(named: name)
            #expect(model.name == name)
            #expect(model.parameterCount == count, "\(name)")
        }
    }

    @Test("Grouped heads and rotary parameters, which the number of parameters does not show")
    func details() throws {
        let model = try ModelReference.resolve("Llama-3.2-1B")
        #expect(model.headCount == 32)
        #expect(model.keyValueHeadCount == 8)
        #expect(model.headSize == 64)
        #expect(model.rope.theta == 500_000)
        #expect(model.rope.scaling == HuggingFaceConfigTests.llama3)
        #expect(model.rmsNormEpsilon == 1e-5)
        #expect(model.tiedEmbeddings)
    }

    @Test("What the shapes of other families do not show")
    func variants() throws {
        func variant(_ name: String) throws -> ModelVariant { try ModelReference.resolve(name).variant }
        #expect(try variant("llama-3.2-1b") == ModelVariant())
        #expect(try variant("qwen2.5-0.5b") == ModelVariant(attentionBiases: true))
        #expect(try variant("qwen3-0.6b") == ModelVariant(queryKeyNorms: true))
        #expect(try variant("mistral-7b-v0.1") == ModelVariant(window: AttentionWindow(size: 4096)))
        #expect(
            try variant("phi-3-mini-4k")
                == ModelVariant(window: AttentionWindow(size: 2047), fusedProjections: true))
        let even = Array(stride(from: 2, through: 26, by: 2))
        #expect(
            try variant("gemma-2-2b")
                == ModelVariant(
                    postNorms: true, activation: .geluTanh, embeddingScale: 48, attentionSoftCap: 50, logitSoftCap: 30,
                    window: AttentionWindow(size: 4096, fullLayers: even)))
        #expect(
            try variant("gemma-3-1b")
                == ModelVariant(
                    queryKeyNorms: true, postNorms: true, activation: .geluTanh, embeddingScale: 1152.0.squareRoot(),
                    window: AttentionWindow(size: 512, fullLayers: [6, 12, 18, 24]), windowRopeTheta: 10_000))
        #expect(try ModelReference.resolve("gemma-3-1b").rope == RotaryEmbedding(theta: 1_000_000))
    }

    @Test("An unknown name is answered with the known ones")
    func unknown() throws {
        let error = try #require(modelFileError { try ModelReference.resolve("llama-9") })
        #expect(error.code == .noSuchFile)
        #expect(
            error.description == "\"llama-9\": no such model; use one of "
                + Self.parameters.keys.sorted().joined(separator: ", ") + ", or the path of a config.json")
    }

    @Test("A reference may be a file, a folder, or what has no preset's name here")
    func references() throws {
        let scratch = try Scratch()
        let file = try scratch.write("mine/config.json", HuggingFaceConfigTests.json())
        #expect(try ModelReference.resolve(file.string).name == "mine")
        #expect(try ModelReference.resolve(file.removingLastComponent().string).name == "mine")
        #expect(modelFileError { try ModelReference.resolve("no/such/model") }?.location == "no/such/model")
        #expect(modelFileError { try ModelReference.resolve("absent.json") }?.location == "absent.json")
    }

    @Test("Shipped data are found from an installed program, a build folder, and the source tree")
    func locations() throws {
        let scratch = try Scratch()
        let prefix = scratch.folder.appending("usr")
        try scratch.write("usr/share/kerf/models/a.json", "{}")
        try scratch.write("tree/Profiles/models/b.json", "{}")
        try scratch.write("tree/Profiles/models/c.txt", "")
        let installed = try ShippedProfiles.locate(
            environment: nil, program: prefix.appending("bin/kerf"), source: "/nowhere/at/all.swift")
        #expect(installed.names(in: "models", extension: "json") == ["a"])
        let tree = scratch.folder.appending("tree")
        let built = try ShippedProfiles.locate(
            environment: "", program: tree.appending(".build/release/kerf"), source: "/nowhere/at/all.swift")
        #expect(built.names(in: "models", extension: "json") == ["b"])
        #expect(built.names(in: "boxes", extension: "json") == [])
        let fromSource = try ShippedProfiles.locate(
            environment: nil, program: "/nowhere/kerf", source: tree.appending("Sources/A/B.swift").string)
        #expect(fromSource == built)
        let named = try ShippedProfiles.locate(
            environment: tree.appending("Profiles").string, program: prefix.appending("bin/kerf"), source: "")
        #expect(named == built)
    }

    @Test("Shipped data that are not found say what to set")
    func notFound() {
        let wrong = modelFileError { try ShippedProfiles.locate(environment: "/dev", program: nil, source: "") }
        #expect(wrong?.location == "/dev")
        let none = modelFileError { try ShippedProfiles.locate(environment: nil, program: "/no/kerf", source: "/no/a") }
        #expect(none?.remedy?.description.contains("KERF_PROFILES") == true)
    }
}
