import Foundation
import ModelFiles
import ProfileFormat
import SystemIO
import Testing
import Workload

@testable import Markers

@Suite("What a client says of itself")
struct HelloTests {
    /// A Llama of two blocks, hidden size 16, with adapters of rank 2 on q and v.
    private static func hello(_ changes: [String: String] = [:]) throws -> Hello {
        var text = """
            {"version": 1, "client": "test", "pid": 7, "runtime": {"name": "r", "version": "1", "device": "gpu", \
            "instruction_set": "x", "dtype": "f32", "threads": 2, "packages": {"b": "2", "a": "1"}}, "model": {"name": \
            "m", "hidden_size": 16, "block_count": 2, "head_count": 2, "key_value_head_count": 2, "head_size": 8, \
            "intermediate_size": 32, "vocabulary_size": 40, "tied_embeddings": false, "weights": "w"}, "workload": \
            {"batch": 3, "sequence": 4, "lora_rank": 2, "lora_alpha": 4, "lora_targets": ["q", "v"]}, "layers": [\
            {"kind": "embedding", "parameters": 640, "trainable": 0, "output_bytes": 768}, \
            {"kind": "block", "parameters": 2720, "trainable": 128, "output_bytes": 768}, \
            {"kind": "block", "parameters": 9999, "trainable": 128, "output_bytes": 768}, \
            {"kind": "head", "parameters": 656, "trainable": 0, "output_bytes": 4}], "passes": [{"forward": 0}, \
            {"forward": 1}, {"forward": 2}, {"forward": 3}, {"backward": 3}, {"backward": 2}, {"backward": 1}, \
            {"update": null}], "can": ["repeat"]}
            """
        for (old, new) in changes {
            #expect(text.contains(old))
            text = text.replacingOccurrences(of: old, with: new)
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Hello.self, from: Data(text.utf8))
    }

    @Test("a sound one, and its place in a profile")
    func sound() throws {
        let hello = try Self.hello()
        try hello.check()
        #expect(hello.engineIdentity == EngineIdentity(name: "r", version: "1, a 1, b 2", instructionSet: "gpu, x"))
        #expect(hello.modelDescription.weightsKind == .program && hello.modelDescription.blockCount == 2)
        #expect(hello.workloadDescription.loraTargets == [.q, .v] && hello.workloadDescription.threads == 2)
    }

    @Test("operations are counted for a block of Llama's shapes, and by parameters for another")
    func operations() throws {
        let layers = try Self.hello().layerDescriptions
        let cost = LayerCost(
            model: ModelConfig(
                name: "m", hiddenSize: 16, blockCount: 2, headCount: 2, keyValueHeadCount: 2, headSize: 8,
                intermediateSize: 32, vocabularySize: 40, rmsNormEpsilon: 1e-5, rope: RotaryEmbedding(theta: 1e4),
                tiedEmbeddings: false),
            lora: LoRAConfiguration(rank: 2, alpha: 4, targets: [.q, .v]), batch: BatchShape(batch: 3, sequence: 4))
        #expect(cost.parameterCount(layer: 1) == 2720 - 128)
        #expect(layers[1].forwardFlops == cost.flops(layer: 1, direction: .forward))
        #expect(layers[2].forwardFlops == 2 * 12 * 9999 && layers[2].backwardFlops == 2 * 12 * 9999)
        #expect(layers[1].parameterCount == 2720 - 128 && layers[1].adapterBytes == 512)
        #expect(layers[3].outputBytes == 4 && layers[0].backwardFlops == 0)
        let stated = try Self.hello(["\"parameters\": 9999,": "\"parameters\": 9999, \"forward_flops\": 5,"])
        #expect(stated.layerDescriptions[2].forwardFlops == 5)
        // Kerf's own embedding is frozen; one that is trained computes something.
        let trained = try Self.hello(["{\"backward\": 1},": "{\"backward\": 1}, {\"backward\": 0},"])
        try trained.check()
        #expect(trained.layerDescriptions[0].backwardFlops == 2 * 12 * 640)
    }

    @Test("a step with checkpointing has the forward operations of its blocks twice")
    func checkpointing() throws {
        let targets = "[\"q\", \"v\"]}"
        let change = [targets: "[\"q\", \"v\"], \"checkpointing\": true}"]
        let (plain, again) = (try Self.hello(), try Self.hello(change))
        #expect(plain.workloadDescription.activationCheckpointing == nil)
        #expect(again.workloadDescription.activationCheckpointing == true)
        let (one, other) = (plain.layerDescriptions, again.layerDescriptions)
        #expect(other[1].backwardFlops == one[1].backwardFlops + one[1].forwardFlops)
        #expect(other[1].forwardFlops == one[1].forwardFlops && other[3] == one[3])
        let inference = try Self.hello(change.merging([Self.backwardPasses: ""]) { $1 })
        #expect(inference.workloadDescription.activationCheckpointing == nil)
    }

    private static let backwardPasses =
        ", {\"backward\": 3}, {\"backward\": 2}, {\"backward\": 1}, {\"update\": null}"

    @Test("a step without backward passes is one of inference")
    func forwardOnly() throws {
        let training = try Self.hello()
        #expect(!training.isForwardOnly && training.workloadDescription.forwardOnly == nil)
        let hello = try Self.hello([Self.backwardPasses: ""])
        try hello.check()
        #expect(hello.isForwardOnly && hello.workloadDescription.forwardOnly == true)
        #expect(
            hello.layerDescriptions.allSatisfy { $0.backwardFlops == 0 && $0.forwardFlops > 0 || $0.kind == .embedding }
        )
        for (passes, reason) in [
            (", {\"update\": null}", "an update, and no backward pass"), (", {\"backward\": 3}", "not of each"),
        ] {
            let error = #expect(throws: KerfError.self) { try Self.hello([Self.backwardPasses: passes]).check() }
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
    }

    @Test(
        "what cannot be is refused by its name",
        arguments: [
            ("\"version\": 1", "\"version\": 2", "version 2"), ("\"pid\": 7", "\"pid\": 0", "process number 0"),
            ("\"threads\": 2", "\"threads\": 0", "threads 0"), ("\"f32\"", "\"f64\"", "f64"),
            ("\"hidden_size\": 16", "\"hidden_size\": 9000000000", "hidden_size"),
            ("\"block_count\": 2", "\"block_count\": 3", "4 layers that are not"),
            ("\"batch\": 3", "\"batch\": -3", "batch -3"), ("\"lora_rank\": 2", "\"lora_rank\": -1", "rank -1"),
            ("[\"q\", \"v\"]", "[\"w\"]", "LoRA target \"w\""),
            ("\"kind\": \"head\"", "\"kind\": \"block\"", "in this order"),
            ("\"trainable\": 128", "\"trainable\": 99999", "sizes of layer 1"),
            ("{\"backward\": 2}, ", "", "not of each after the embedding"),
            (
                "\"parameters\": 2720,", "\"parameters\": 2720, \"backward_flops\": 0,", "no operations or parameters"
            ), ("{\"forward\": 2}, ", "", "forward pass"),
            ("{\"backward\": 1}", "{\"backward\": 9}", "layer 9"), ("{\"forward\": 1}", "{\"forward\": 2}", "twice"),
            ("\"output_bytes\": 4}", "\"output_bytes\": 4, \"forward_flops\": 1e31}", "sizes of layer 3"),
            (
                "\"parameters\": 640,", "\"parameters\": 640, \"backward_flops\": 5,", "layer 0's backward pass"
            ),
        ])
    func refused(old: String, new: String, text: String) throws {
        let hello = try Self.hello([old: new])
        let error = #expect(throws: KerfError.self) { try hello.check() }
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }
}
