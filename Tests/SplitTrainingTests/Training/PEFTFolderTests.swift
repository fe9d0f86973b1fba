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
