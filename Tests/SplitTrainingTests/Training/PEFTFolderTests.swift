import Foundation
import ModelFiles
import SystemIO
import Testing
import Workload

@testable import SplitTraining

/// Adapters in PEFT's format.
@Suite struct PEFTFolderTests {
    private let model = SmallTraining().model

    /// Adapters of every block, whose numbers all differ.
    private func adapters() -> AdapterTensors {
        let lora = LoRAConfiguration(rank: 2, alpha: 4, targets: [.q, .v])
        var tensors = AdapterTensors(model: model, lora: lora)
        let count = AdapterLayout(model: model, lora: lora).count
        for block in 0..<model.blockCount {
            tensors[block: block] = (0..<count).map { Float(block * count + $0) * 0.5 }
        }
        return tensors
    }

    /// Writes adapters to a folder, changes the configuration, and reads them.
    private func read(changing config: (String) throws -> String) throws -> AdapterTensors {
        let folder = TemporaryFolder()
        try PEFTFolder.write(adapters(), baseModel: "small", to: folder.path)
        let path = folder.path + "/adapter_config.json"
        let text = String(decoding: try FileBytes.read(path, limit: 1 << 20), as: UTF8.self)
        try AtomicFile.write(Array(try config(text).utf8), to: path)
        return try PEFTFolder.read(folder.path, model: model)
    }

    @Test("what was written is read, also behind a byte-order mark", arguments: ["", "\u{FEFF}"])
    func roundTrip(mark: String) throws {
        let read = try read { mark + $0 }
        #expect(read.lora == adapters().lora)
        for block in 0..<model.blockCount { #expect(read[block: block] == adapters()[block: block]) }
    }

    @Test(
        "a field that changes the computation is refused by name",
        arguments: [
            ("use_dora", "true"), ("use_rslora", "true"), ("lora_bias", "true"), ("alpha_pattern", #"{"q_proj": 8}"#),
            ("layers_to_transform", "[0]"), ("layer_replication", "[[0, 2]]"), ("lora_bias", "1"),
            ("rank_pattern", #"{"q_proj": 8}"#), ("modules_to_save", #"["lm_head"]"#), ("bias", #""all""#),
        ])
    func variants(field: String, value: String) throws {
        let error = #expect(throws: KerfError.self) {
            try read { text in
                let fields = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                let variant =
                    try JSONSerialization.jsonObject(with: Data("{\"\(field)\": \(value)}".utf8)) as? [String: Any]
                let both = try #require(fields).merging(try #require(variant)) { $1 }
                return String(decoding: try JSONSerialization.data(withJSONObject: both), as: UTF8.self)
            }
        }
        #expect(error?.message.contains(field) == true, "\(error.map(\.description) ?? "none")")
    }

    @Test(
        "what says nothing is read over",
        arguments: [
            #""alpha_pattern": {}"#, #""rank_pattern": null"#, #""layers_to_transform": null"#, #""lora_bias": false"#,
            #""unknown": [1]"#,
        ])
    func plain(_ field: String) throws {
        let read = try read { "{\(field)," + $0.dropFirst() }
        #expect(read[block: 0] == adapters()[block: 0])
    }

    /// Pairs of every block of a model whose q, k and v, and gate and up, are one module each.
    private func fusedAdapters(_ targets: [Projection]) -> AdapterTensors {
        var model = model
        model.variant.fusedProjections = true
        let lora = LoRAConfiguration(rank: 2, alpha: 4, targets: targets)
        var tensors = AdapterTensors(model: model, lora: lora)
        let count = AdapterLayout(model: model, lora: lora).count
        for block in 0..<model.blockCount {
            tensors[block: block] = (0..<count).map { Float((block * count + $0) % 37) - 18 }
        }
        return tensors
    }

    @Test("projections of one module have one pair, whose product is theirs")
    func fused() throws {
        let folder = TemporaryFolder()
        let adapters = fusedAdapters(Projection.allCases)
        let (model, lora) = (adapters.model, adapters.lora)
        try PEFTFolder.write(adapters, baseModel: "small", to: folder.path)
        let file = try SafetensorsTensors(path: folder.path + "/adapter_model.safetensors")
        let prefix = "base_model.model.model.layers.1.self_attn.qkv_proj."
        let rows = model.querySize + 2 * model.keyValueSize
        let a = try file.read(prefix + "lora_A.weight", shape: [6, model.hiddenSize])
        let b = try file.read(prefix + "lora_B.weight", shape: [rows, 6])
        let numbers = try #require(adapters[block: 1])
        for pair in AdapterLayout(model: model, lora: lora).pairs where [.q, .k, .v].contains(pair.projection) {
            let first = model.fusedRows(of: pair.projection).first
            for row in [0, model.shape(of: pair.projection).rows - 1] {
                for column in [0, model.hiddenSize - 1] {
                    let own = (0..<2).reduce(Float(0)) {
                        $0 + numbers[pair.b.lowerBound + row * 2 + $1]
                            * numbers[pair.a.lowerBound + $1 * model.hiddenSize + column]
                    }
                    let joined = (0..<6).reduce(Float(0)) {
                        $0 + b[(first + row) * 6 + $1] * a[$1 * model.hiddenSize + column]
                    }
                    #expect(joined == own, "\(pair.projection)")
                }
            }
        }
        let config = String(
            decoding: try FileBytes.read(folder.path + "/adapter_config.json", limit: 1 << 20), as: UTF8.self)
        #expect(config.contains("\"qkv_proj\" : 6") && config.contains("\"qkv_proj\" : 12"), "\(config)")
        let read = try PEFTFolder.read(folder.path, model: model)
        #expect(read.lora == lora)
        for block in 0..<model.blockCount { #expect(read[block: block] == adapters[block: block]) }
    }

    @Test("a pair of some of a module's projections, or of a mixture, is refused")
    func partlyFused() throws {
        let folder = TemporaryFolder()
        let some = fusedAdapters([.q, .v, .o])
        try PEFTFolder.write(some, baseModel: "small", to: folder.path)
        let error = #expect(throws: KerfError.self) { try PEFTFolder.read(folder.path, model: some.model) }
        #expect(error?.message.contains("\"qkv_proj\" are not 3 times r") == true, "\(error.map(\.message) ?? "")")

        let all = fusedAdapters(Projection.allCases)
        try PEFTFolder.write(all, baseModel: "small", to: folder.path)
        let path = folder.path + "/adapter_model.safetensors"
        let file = try SafetensorsTensors(path: path)
        let prefix = "base_model.model.model.layers.0.self_attn.qkv_proj."
        let shapes = [[6, all.model.hiddenSize], [all.model.querySize + 2 * all.model.keyValueSize, 6]]
        let a = try file.read(prefix + "lora_A.weight", shape: shapes[0])
        var b = try file.read(prefix + "lora_B.weight", shape: shapes[1])
        // The first row is q's; its last column belongs to v.
        b[5] = 1
        // The other tensors are not reached: blocks and modules are read in order.
        var encoding = SafetensorsEncoding()
        encoding.append(prefix + "lora_A.weight", shape: shapes[0], a)
        encoding.append(prefix + "lora_B.weight", shape: shapes[1], b)
        try AtomicFile.write(try encoding.bytes(), to: path)
        let mixed = #expect(throws: KerfError.self) { try PEFTFolder.read(folder.path, model: all.model) }
        #expect(mixed?.message.contains("mixes projections") == true, "\(mixed.map(\.message) ?? "")")
    }

    @Test("adapters that are no numbers are refused", arguments: [Float.nan, .infinity])
    func diverged(_ value: Float) throws {
        let folder = TemporaryFolder()
        var tensors = adapters()
        tensors[block: 0]?[0] = value
        try PEFTFolder.write(tensors, baseModel: "small", to: folder.path)
        let error = #expect(throws: KerfError.self) { try PEFTFolder.read(folder.path, model: model) }
        #expect(error?.message.contains("not a finite number") == true)
    }

    @Test("a key twice is refused")
    func repeatedKey() throws {
        let error = #expect(throws: KerfError.self) {
            try read { $0.replacing("\"r\"", with: "\"r\": 4, \"r\"") }
        }
        #expect(error?.code == .malformed)
    }
}
