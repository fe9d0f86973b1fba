import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

/// What is in a file's place when a download or a clone went wrong, and models in other formats.
@Suite("Files in place of a model")
struct ForeignContentTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let pointer = Array(
        """
        version https://git-lfs.github.com/spec/v1
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
        size 269060552

        """.utf8)

    /// Content, and what a message says of it.
    static let contents: [(bytes: [UInt8], says: String)] = [
        (pointer, "is a Git LFS pointer; the file itself, of 269060552 bytes, was not downloaded; run git lfs install"),
        (Array("version https://hawser.github.com/spec/v1\noid sha256:0\n".utf8), "is a Git LFS pointer"),
        (Array("/annex/objects/SHA256E-s1--0.gguf\n".utf8), "git-annex pointer"),
        (Array("<!DOCTYPE html>\n<html lang=en>".utf8), "is a web page (HTML)"),
        (Array("\n\u{FEFF}  <HTML><head>".utf8), "is a web page (HTML)"),
        (Array("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>".utf8), "is an XML document"),
        (Array("Entry not found".utf8), "holds a server's answer, \"entry not found\""),
        (Array("Access to model meta-llama/Llama-3.2-1B is restricted.".utf8), "holds a server's answer"),
        ([0x50, 0x4B, 0x03, 0x04, 0, 0, 8, 8, 0, 0], "is a ZIP archive, as PyTorch's"),
        ([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], "is a Python pickle"),
        ([0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0], "is compressed (gzip)"),
        ([0x08, 0x07, 0x12, 0x07] + Array("pytorch".utf8), "is an ONNX model"),
        ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0], "is an HDF5 file"),
        ([UInt8](repeating: 0, count: 4096), "starts with zeros only"),
    ]

    @Test("What a file holds is named wherever a model's file is read", arguments: contents.indices)
    func everywhere(_ index: Int) throws {
        let (bytes, says) = Self.contents[index]
        let folder = try TinyModel.writeFolder(scratch)
        let weights = try scratch.write("checkpoint/model.safetensors", bytes)
        let readers: [() throws -> Void] = [
            { _ = try SafetensorsWeights(folder) },
            { _ = try WeightSources.open(weights) },
            { _ = try HuggingFaceConfig.model(at: weights) },
            { _ = try Tokenizer.open(weights) },
            { _ = try TokenFile(path: weights.string) },
        ]
        for reader in readers {
            let error = try #require(modelFileError { try reader() })
            #expect(error.description.hasPrefix("\(weights.string): "), "\(error)")
            #expect(error.description.contains(says), "\(error)")
            #expect(error.code.category == .badData)
        }
    }

    @Test("A shard, an index and a GGUF file that were not downloaded")
    func parts() throws {
        try scratch.write("sharded/config.json", TinyModel.configJSON())
        try scratch.write("sharded/model.safetensors.index.json", #"{"weight_map": {"a": "model-1.safetensors"}}"#)
        let shard = try scratch.write("sharded/model-1.safetensors", Self.pointer)
        let folder = shard.removingLastComponent()
        let error = modelFileError { try SafetensorsWeights(folder) }
        #expect(error?.description.hasPrefix("\(shard.string): is a Git LFS pointer") == true, "\(error as Any)")
        let index = try scratch.write("sharded/model.safetensors.index.json", Self.pointer)
        #expect(modelFileError { try SafetensorsWeights(folder) }?.location == index.string)
        let gguf = try scratch.write("model.gguf", Self.pointer)
        #expect(modelFileError { try WeightSources.open(gguf) }?.message.contains("Git LFS") == true)
    }

    @Test("An empty file and one that is cut off")
    func cutOff() throws {
        let folder = try TinyModel.writeFolder(scratch)
        try scratch.write("checkpoint/model.safetensors", [])
        #expect(modelFileError { try SafetensorsWeights(folder) }?.message == "is empty")
        let whole = try TinyModel.safetensors().bytes
        for count in [7, 20, whole.count - 1] {
            try scratch.write("checkpoint/model.safetensors", Array(whole[..<count]))
            let error = modelFileError { try SafetensorsWeights(folder) }
            #expect(error?.code == .truncated && error?.remedy == "download the file again", "\(count) \(error as Any)")
        }
        #expect(modelFileError { try HuggingFaceConfig.model(at: scratch.write("c.json", [])) }?.message == "is empty")
        #expect(modelFileError { try Tokenizer.open(scratch.write("tokenizer.json", [])) }?.message == "is empty")
    }

    @Test("A safetensors header whose length looks like another format's signature is read")
    func lookalike() throws {
        // 640 bytes: 80 02, as a pickle begins.
        let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        let padded = header + String(repeating: " ", count: 640 - header.utf8.count)
        let path = try scratch.write("a.safetensors", SafetensorsBuilder.file(header: padded, data: [0, 0, 0, 0]))
        #expect(throws: Never.self) { try SafetensorsFile(path) }
    }

    @Test("Data that was not downloaded is refused; a text about such things is data")
    func data() throws {
        for name in ["a.txt", "a.jsonl", "a.ids"] {
            let path = try scratch.write(name, Self.pointer)
            let error = modelFileError { try Dataset(path: path.string, tokenizer: nil) }
            #expect(error?.message.contains("is a Git LFS pointer") == true, "\(error as Any)")
        }
        let ids = try scratch.write("b.ids", "1 2 3")
        #expect(try Dataset(path: ids.string, tokenizer: nil, vocabularySize: 9).tokenCount == 3)
        for (name, says) in [("d.ids", "web page"), ("d.jsonl", "web page"), ("d.txt", "no tokenizer")] {
            let page = try scratch.write(name, "<!DOCTYPE html><html>")
            let error = modelFileError { try Dataset(path: page.string, tokenizer: nil) }
            #expect(error?.message.contains(says) == true, "\(error as Any)")
        }
        let packed = try scratch.write("e.txt", [0x1F, 0x8B, 8, 0, 0xFF, 0xFF])
        let compressed = modelFileError { try Dataset(path: packed.string, tokenizer: nil) }
        #expect(compressed?.message == "is compressed (gzip)")
        let page = try scratch.write("c.txt", "<html><p>text")
        #expect(
            modelFileError { try Dataset(path: page.string, tokenizer: nil) }?.message.contains("no tokenizer") == true)
    }

    @Test(
        "A folder without safetensors says what it holds instead",
        arguments: [
            ("pytorch_model.bin", "is PyTorch's pickle format; download the safetensors"),
            ("consolidated.00.pth", "is PyTorch's pickle format"), ("model.onnx", "is an ONNX model"),
            ("model.Q4_K_M.gguf", "is a GGUF file; give that file"),
            ("gptq_model-4bit-128g.safetensors", "safetensors under another name"),
            ("model-00001-of-00002.safetensors", "is a part of a model; download model.safetensors.index.json too"),
            ("adapter_model.safetensors", "is LoRA adapters, not a model; give the folder of the base model"),
        ])
    func otherFormats(_ name: String, says: String) throws {
        let folder = try scratch.write("other/config.json", TinyModel.configJSON()).removingLastComponent()
        try scratch.write("other/\(name)", [1, 2, 3])
        let error = try #require(modelFileError { try SafetensorsWeights(folder) })
        #expect(error.message.contains("has neither") && error.description.contains(says), "\(error)")
    }

    @Test(
        "Quantized tensors are named by their method where the configuration is silent",
        arguments: [
            ("self_attn.q_proj.g_idx", "GPTQ"), ("self_attn.q_proj.qweight", "GPTQ or AWQ"),
            ("mlp.up_proj.weight.absmax", "bitsandbytes"), ("mlp.up_proj.weight_packed", "compressed-tensors"),
            ("mlp.up_proj.weight_scale_inv", "FP8"), ("mlp.up_proj.scales", "MLX or GPTQ"),
            ("mlp.up_proj.q_weight", "EXL2"), ("mlp.up_proj.trellis", "EXL3"), ("mlp.up_proj.W_q", "HQQ"),
            ("mlp.up_proj.codebooks", "AQLM"), ("mlp.up_proj.weight._data", "Quanto"),
            ("mlp.up_proj.weight_blocks", "MXFP4"), ("mlp.up_proj.weight_zero_point", "compressed-tensors"),
        ])
    func quantizedTensors(_ tensor: String, _ method: String) throws {
        let folder = try TinyModel.writeFolder(scratch)
        var builder = try TinyModel.safetensors()
        builder.tensors.append(.init(name: "model.layers.0.\(tensor)", shape: [1], data: [0, 0, 0, 0]))
        try scratch.write("checkpoint/model.safetensors", builder.bytes)
        let error = modelFileError { try SafetensorsWeights(folder) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("is quantized (\(method)): it has") == true, "\(error as Any)")
    }
}
