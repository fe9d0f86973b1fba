import Foundation
import Testing

/// `kerf bench` from outside. How fast anything is, is not tested here: `make bench` shows it.
struct BenchTests {
    private struct Layer: Decodable {
        struct Pass: Decodable {
            var flops: Double
            var samplesSeconds: [Double]
        }
        struct Passes: Decodable {
            var forward: Pass
            var backward: Pass
            var both: Pass
        }
        struct Memory: Decodable {
            var totalBytes: Int
            var residentBytes: Int?
        }
        struct Row: Decodable {
            var kernel: String
            var direction: String
            var seconds: Double
        }
        var block: Passes
        struct Engine: Decodable {
            struct Identity: Decodable { var name: String }
            var engine: Identity
            var passes: Passes
            var ratio: Double
        }
        var bareProducts: Passes?
        var engines: [Engine]
        var multiplierFlopsPerSecond: Double?
        var ratio: Double?
        var kernels: [Row]
        var memory: Memory
    }

    private func layer(_ arguments: String...) throws -> Layer {
        let outcome = try KerfProcess(["bench", "layer", "--json"] + arguments).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Layer.self, from: Data(outcome.standardOutput.utf8))
    }

    @Test func aLayerIsComparedWithItsBareProducts() throws {
        let result = try layer(
            "--model", "smollm2-135m", "--seq", "40", "--targets", "all", "--rank", "4", "--rounds", "3")
        let bare = try #require(result.bareProducts)
        #expect(result.block.both.samplesSeconds.count == 3 && bare.both.samplesSeconds.count == 3)
        // SmolLM2's block: q and o 576², k and v 192 x 576, three of 1536 x 576.
        let weights: Double = 2 * 331_776 + 2 * 110_592 + 3 * 884_736
        #expect(bare.forward.flops == 2 * 40 * weights && bare.backward.flops == bare.forward.flops)
        // Rank 4 on all: 4 (in + out) each.
        let adapters: Double = 4 * (2 * 1152 + 2 * 768 + 3 * 2112)
        let pairs: Double = 9 * 820
        let expected: Double = 80 * (weights + adapters) + 260 * pairs
        #expect(result.block.forward.flops == expected)
        let ratio = try #require(result.ratio)
        #expect(ratio > 0)
        #expect(Set(result.engines.map(\.engine.name)) == ["onednn", "openblas", "kerf"])
        #expect(result.engines.contains { $0.ratio == ratio && $0.passes.both.flops == bare.both.flops })
        #expect(result.engines.map(\.ratio) == result.engines.map(\.ratio).sorted())
        #expect(try #require(result.multiplierFlopsPerSecond) > 0)
        #expect(Set(result.kernels.map(\.direction)) == ["forward", "backward"])
        #expect(result.kernels.contains { $0.kernel == "attention" } && result.kernels.allSatisfy { $0.seconds > 0 })
    }

    /// The account of memory against what the kernel says is resident.
    @Test(arguments: [["--seq", "256"], ["--seq", "128", "--batch", "4"]])
    func theAccountIsWhatIsResident(size: [String]) throws {
        let outcome = try KerfProcess(
            ["bench", "layer", "--json", "--model", "tinyllama-1.1b", "--block-only", "--rounds", "1"] + size
        ).finish()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let memory = try decoder.decode(Layer.self, from: Data(outcome.standardOutput.utf8)).memory
        let resident = Double(try #require(memory.residentBytes))
        // Also resident are the program's pages and what oneDNN generates: some tens of megabytes, more or less of them
        // by what the system has reclaimed.
        let counted = Double(memory.totalBytes)
        #expect(
            (0.9 * counted...1.05 * counted + 64e6).contains(resident), "\(resident) resident, \(counted) counted")
    }

    @Test func stepsTrainAndExportTheirStart() throws {
        let workspace = try Workspace()
        let config = try workspace.tinyModel()
        let tokens = try workspace.write("tokens.json", "[[1, 2, 3, 4, 5], [5, 4, 3, 2, 1]]")
        let adapters = workspace.path("adapters.safetensors")
        let outcome = try KerfProcess([
            "bench", "step", "--model", config, "--batch", "2", "--seq", "4", "--rank", "2", "--targets", "q,down",
            "--steps", "30", "--learning-rate", "0.05", "--tokens", tokens, "--export-adapters", adapters,
        ]).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let losses = try outcome.standardOutput.split(separator: "\n").map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Double])["loss"]
        }.compactMap(\.self)
        #expect(losses.count == 30 && losses[29] < losses[0])
        let bytes = try Data(contentsOf: URL(fileURLWithPath: adapters))
        let length = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let header = try #require(
            try JSONSerialization.jsonObject(with: bytes.dropFirst(8).prefix(length)) as? [String: [String: Any]])
        let name = "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"
        #expect((header[name]?["shape"] as? [Int])?.first == 2)
        let tensors = header.keys.filter { $0 != "__metadata__" }
        #expect(tensors.allSatisfy { $0.hasPrefix("base_model.model.model.layers.") })
        let ends = header.values.compactMap { ($0["data_offsets"] as? [Int])?.last }
        #expect(ends.max() == bytes.count - 8 - length)
    }

    @Test(
        arguments: [
            (["bench", "layer", "--model", "smollm2-135m", "--rounds", "0"], 64, "--rounds"),
            (["bench", "layer", "--model", "smollm2-135m", "--paced", "--json"], 64, "--paced"),
            (["bench", "layer", "--model", "smollm2-135m", "--dtype", "f16"], 64, "dtype"),
            (["bench", "layer", "--model", "smollm2-135m", "--dtype", "bf16", "--engine", "openblas"], 69, "f32"),
            (["bench", "layer", "--model", "nothing"], 66, "nothing"),
            (["bench", "step", "--model", "smollm2-135m", "--learning-rate", "2"], 64, "--learning-rate"),
            (["bench", "step", "--model", "smollm2-135m", "--tokens", "/nonexistent/tokens.json"], 66, "tokens.json"),
            (
                ["bench", "step", "--model", "smollm2-135m", "--export-adapters", "/nonexistent/a.safetensors"], 73,
                "folder"
            ),
        ] as [([String], Int32, String)])
    func badInputIsOneLine(arguments: [String], status: Int32, word: String) throws {
        let outcome = try KerfProcess(arguments).finish()
        #expect(outcome.status == status, "\(outcome.standardError)")
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
        #expect(outcome.standardError.contains(word), "\(outcome.standardError)")
    }

    #if arch(x86_64)
        /// oneDNN's names of instruction sets change between its versions. What it may use decides, and what the processor has.
        @Test(arguments: [
            ("AVX2", false), ("AVX512_CORE", false), ("AVX512_CORE_BF16", true), ("AVX512_CORE_FP16", true),
        ])
        func oneDNNComputesBF16WhereItHasInstructions(limit: String, includesThem: Bool) throws {
            let processor = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
            let workspace = try Workspace()
            let outcome = try KerfProcess.run(
                "bench", "layer", "--model", try workspace.tinyModel(), "--seq", "4", "--rounds", "1", "--dtype",
                "bf16",
                "--engine", "onednn", environment: ["ONEDNN_MAX_CPU_ISA": limit])
            let isComputed = includesThem && processor.contains(" avx512_bf16")
            #expect(outcome.status == (isComputed ? 0 : 69), "\(outcome.standardError)")
            #expect(isComputed || outcome.standardError.contains("no bf16 instructions"), "\(outcome.standardError)")
        }
    #endif

    @Test func tokensThatDoNotFitAreRefused() throws {
        let workspace = try Workspace()
        let config = try workspace.tinyModel()
        for (text, word) in [
            ("[[1, 2]]", "batch of 1"), ("not JSON", "token ids"), ("[[1, 2, 3, 4, 99999]]", "vocabulary"),
        ] {
            let tokens = try workspace.write("tokens.json", text)
            let outcome = try KerfProcess(["bench", "step", "--model", config, "--seq", "4", "--tokens", tokens])
                .finish()
            #expect(outcome.status == 65 && outcome.failureLine?.contains(word) == true, "\(outcome.standardError)")
        }
    }
}
