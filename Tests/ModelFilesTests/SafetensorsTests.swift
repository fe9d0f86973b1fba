import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

@Suite("Safetensors")
struct SafetensorsTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("A folder gives back the configuration and every tensor")
    func roundTrip() throws {
        let source = try SafetensorsWeights(TinyModel.writeFolder(scratch))
        #expect(source.config.name == "checkpoint")
        #expect(source.kind == .safetensors)
        for role in TinyModel.config.roles {
            #expect(try source.values(role) == TinyModel.weights().values(role), "\(role)")
        }
    }

    @Test("A file of the reference implementation is read")
    func reference() throws {
        let path = try scratch.write("a.safetensors", bytes(hexadecimal: GoldenSafetensors.file))
        let file = try SafetensorsFile(path)
        #expect(try read(file, "a") == [1.5, -2, 0.25])
        #expect(try read(file, "b") == [1, 65504])
        #expect(try file.tensor("c") == nil)
    }

    @Test("Half precision and bfloat16 are widened")
    func halfPrecision() throws {
        let path = try TinyModel.writeFolder(scratch)
        var builder = try TinyModel.safetensors()
        for (index, type) in [(0, "F16"), (1, "BF16")] {
            let count = builder.tensors[index].data.count / 4
            builder.tensors[index].type = type
            builder.tensors[index].data = (0..<count).flatMap { littleEndian(UInt16(0x3C00 + $0)) }
        }
        try scratch.write("checkpoint/model.safetensors", builder.bytes)
        let source = try SafetensorsWeights(path)
        let embedding = try source.values(.embedding)
        #expect(embedding == (0..<embedding.count).map { 1 + Float($0) / 1024 })
        #expect(try source.values(.attentionNorm(block: 0))[3] == Float(bitPattern: 0x3C03_0000))
    }

    @Test("Shards are found by the index")
    func shards() throws {
        let folder = try folderWithoutWeights()
        try writeShards { $0 }
        let source = try SafetensorsWeights(folder)
        for role in TinyModel.config.roles {
            #expect(try source.values(role) == TinyModel.weights().values(role), "\(role)")
        }
    }

    @Test(
        "A shard outside the folder is refused",
        arguments: [
            "/etc/passwd", "../model-1.safetensors", "sub/model-1.safetensors", "..", ".", "", "./model-1.safetensors",
        ])
    func shardNames(_ name: String) throws {
        let folder = try folderWithoutWeights()
        try writeShards { $0.replacing("model-1.safetensors", with: name) }
        let error = try #require(modelFileError { try SafetensorsWeights(folder) })
        #expect(error.code == .malformed)
        #expect(error.message.contains("leaves the folder"))
    }

    @Test("A shard that is not there, or has not what the index says")
    func brokenShards() throws {
        let folder = try folderWithoutWeights()
        try writeShards { $0.replacing("model-1.safetensors", with: "model-9.safetensors") }
        let absent = modelFileError { try SafetensorsWeights(folder) }
        #expect(absent?.code == .noSuchFile && absent?.message.contains("index.json lists it") == true)
        try writeShards { $0.replacing("model-1.safetensors", with: "model-2.safetensors") }
        #expect(modelFileError { try SafetensorsWeights(folder) }?.code == .missingTensor)
        try writeShards { _ in #"{"metadata": {}}"# }
        #expect(modelFileError { try SafetensorsWeights(folder) }?.message == "weight_map is missing")
        try writeShards { _ in #"{"weight_map": {"a.b": 1}}"# }
        #expect(
            modelFileError { try SafetensorsWeights(folder) }?.message == #"weight_map."a.b" is not a valid string"#)
    }

    @Test("A folder without config.json or without weights says what it lacks")
    func incomplete() throws {
        let noWeights = try scratch.write("empty/config.json", TinyModel.configJSON()).removingLastComponent()
        #expect(modelFileError { try SafetensorsWeights(noWeights) }?.message.contains("has neither") == true)
        let noConfig = try scratch.write("bare/model.safetensors", []).removingLastComponent()
        #expect(modelFileError { try SafetensorsWeights(noConfig) }?.location?.hasSuffix("bare/config.json") == true)
    }

    @Test("A bias is refused, since it would be left out of the computation")
    func bias() throws {
        let folder = try TinyModel.writeFolder(scratch)
        var builder = try TinyModel.safetensors()
        builder.tensors.append(.init(name: "model.layers.0.self_attn.q_proj.bias", shape: [1], data: [0, 0, 0, 0]))
        try scratch.write("checkpoint/model.safetensors", builder.bytes)
        #expect(modelFileError { try SafetensorsWeights(folder) }?.code == .unsupported)
    }

    @Test("Tensors of adapters, of further blocks, and of no finite number are refused")
    func otherTensors() throws {
        let folder = try TinyModel.writeFolder(scratch)
        for (name, says) in [
            ("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "holds LoRA adapters, not a model"),
            ("model.layers.2.mlp.up_proj.weight", "but num_hidden_layers is 2"),
        ] {
            var builder = try TinyModel.safetensors()
            builder.tensors.append(.init(name: name, shape: [1], data: [0, 0, 0, 0]))
            try scratch.write("checkpoint/model.safetensors", builder.bytes)
            let error = modelFileError { try SafetensorsWeights(folder) }
            #expect(error?.message.contains(says) == true, "\(error as Any)")
        }
        for value in [Float.nan, .infinity, -.infinity] {
            var builder = try TinyModel.safetensors()
            builder.tensors[0].data = Array(builder.tensors[0].data.dropLast(4)) + littleEndian([value])
            try scratch.write("checkpoint/model.safetensors", builder.bytes)
            let source = try SafetensorsWeights(folder)
            let error = modelFileError { try source.values(.embedding) }
            #expect(error?.message == "model.embed_tokens.weight holds a value that is not a finite number")
        }
    }

    /// Splits the model's tensors over two files and writes an index, changed by `edit`.
    private func writeShards(_ edit: (String) -> String) throws {
        let all = try TinyModel.safetensors().tensors
        try scratch.write("checkpoint/model-1.safetensors", SafetensorsBuilder(tensors: Array(all[..<9])).bytes)
        try scratch.write("checkpoint/model-2.safetensors", SafetensorsBuilder(tensors: Array(all[9...])).bytes)
        let entries = all.enumerated().map { #""\#($1.name)": "model-\#($0 < 9 ? 1 : 2).safetensors""# }
        try scratch.write(
            "checkpoint/model.safetensors.index.json",
            edit(#"{"metadata": {"total_size": 1}, "weight_map": {\#(entries.joined(separator: ", "))}}"#))
    }

    private func folderWithoutWeights() throws -> FilePath {
        try scratch.write("checkpoint/config.json", TinyModel.configJSON()).removingLastComponent()
    }

    private func read(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
        let tensor = try #require(try file.tensor(name))
        var values = [Float](repeating: 0, count: tensor.rows * tensor.columns)
        try tensor.read(into: &values)
        return values
    }
}

@Suite("Safetensors refusals")
struct SafetensorsRefusalTests {
    static let headers: [(header: String, code: KerfError.Code, says: String)] = [
        (#"[]"#, .malformed, "the JSON is not a valid object"),
        (#"{"a""#, .malformed, "is not valid JSON, or is cut off"),
        (#"{"a": 1}"#, .malformed, "a is not a valid object"),
        (#"{"a":{"dtype":"F32","shape":[1]}}"#, .malformed, "a.data_offsets is missing"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#, .impossibleShape, "in 8 bytes"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}"#, .truncated, "the file at"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, .malformed, "impossible data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, .malformed, "impossible data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, .malformed, "impossible data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#, .malformed, "impossible"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615]}}"#, .malformed,
            "a.data_offsets is not"
        ),
        (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, .malformed, "a size of -2"),
        (
            #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}"#, .malformed,
            "a.shape is not an array of 64-bit integers"
        ),
        (
            #"{"l.0":{"dtype":"F32","shape":[null],"data_offsets":[0,8]}}"#, .malformed,
            #""l.0".shape[0] is not a 64-bit integer"#
        ),
        (
            #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, .impossibleShape,
            "more elements than can be counted"
        ),
        (#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, .unsupported, "type \"I64\"; Kerf reads F32"),
        (#"{"a":{"dtype":"Q4_1","shape":[1],"data_offsets":[0,8]}}"#, .unsupported, "type \"Q4_1\""),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            .malformed, "overlaps"
        ),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, .malformed, "leaves a gap"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, .malformed, "4 bytes follow"),
    ]

    @Test("A header is refused in one line that says why", arguments: headers.indices)
    func refuses(_ index: Int) throws {
        let (header, code, says) = Self.headers[index]
        let scratch = try Scratch()
        let path = try scratch.write(
            "a.safetensors", SafetensorsBuilder.file(header: header, data: [UInt8](repeating: 0, count: 8)))
        let error = try #require(modelFileError { try SafetensorsFile(path).tensor("a") })
        #expect(error.code == code, "\(error)")
        #expect(error.description.contains(says), "\(error)")
    }

    @Test("A header of many thousand tensors")
    func large() throws {
        let scratch = try Scratch()
        let tensors = (0..<20_000).map {
            SafetensorsBuilder.Tensor(
                name: "model.layers.\($0).mlp.up_proj.weight", shape: [1], data: [UInt8($0 & 255)])
        }
        var builder = SafetensorsBuilder(tensors: tensors)
        for index in tensors.indices { builder.tensors[index].type = "U8" }
        let file = try SafetensorsFile(scratch.write("a.safetensors", builder.bytes))
        #expect(file.tensors.count == 20_000)
        #expect(file.tensors["model.layers.19999.mlp.up_proj.weight"]?.range.upperBound == file.map.count)
    }

    @Test(
        "A header's length is not believed",
        arguments: [
            (UInt64.max, KerfError.Code.malformed), (1 << 63, .malformed), (1 << 24 + 1, .malformed),
            (1000, .truncated),
        ])
    func length(_ length: UInt64, _ code: KerfError.Code) throws {
        let scratch = try Scratch()
        let path = try scratch.write("a.safetensors", littleEndian(length) + Array("{}".utf8))
        #expect(modelFileError { try SafetensorsFile(path) }?.code == code)
    }
}
