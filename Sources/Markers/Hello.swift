/// What a client says of itself and of the step that it runs. See docs/markers.md for every field.
package struct Hello: Decodable, Sendable, Hashable {
    package var version: Int
    package var client: String
    package var pid: Int32
    package var runtime: Runtime
    package var model: Model
    package var workload: Workload
    package var layers: [Layer]
    package var passes: [Pass]
    package var can: [String]

    /// Whether a step is a forward pass alone, as in inference.
    package var isForwardOnly: Bool {
        !passes.contains { if case .backward = $0 { true } else { false } }
    }

    /// The accelerators that the step runs on, empty where they are not known; `nil` where it runs on processors alone.
    package var usedAccelerators: [String]? { runtime.device == "cpu" ? nil : runtime.accelerators ?? [] }

    package struct Runtime: Decodable, Sendable, Hashable {
        package var name: String
        package var version: String
        package var device: String
        /// UUIDs of the accelerators that the step runs on; `nil` where the client does not know them.
        package var accelerators: [String]?
        package var instructionSet: String
        package var dtype: String
        package var threads: Int
        package var packages: [String: String]?
    }

    package struct Model: Decodable, Sendable, Hashable {
        package var name: String
        package var hiddenSize: Int
        package var blockCount: Int
        package var headCount: Int
        package var keyValueHeadCount: Int
        package var headSize: Int
        package var intermediateSize: Int
        package var vocabularySize: Int
        package var tiedEmbeddings: Bool
        package var weights: String
    }

    package struct Workload: Decodable, Sendable, Hashable {
        package var batch: Int
        package var sequence: Int
        package var loraRank: Int
        package var loraAlpha: Double
        package var loraTargets: [String]
        package var microBatches: Int?
        package var checkpointing: Bool?
    }

    package struct Layer: Decodable, Sendable, Hashable {
        package var kind: String
        package var parameters: Int
        package var trainable: Int
        package var outputBytes: Int
        package var forwardFlops: Double?
        package var backwardFlops: Double?
    }

    /// A part of a step, by the number of its layer.
    package enum Pass: Sendable, Hashable {
        case forward(Int)
        case backward(Int)
        /// The optimizer, with what follows the last backward pass.
        case update
    }
}

extension Hello.Pass: Decodable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case forward, backward, update
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard values.allKeys.count == 1, let key = values.allKeys.first else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected one of forward, backward, update"))
        }
        switch key {
        case .forward: self = .forward(try values.decode(Int.self, forKey: key))
        case .backward: self = .backward(try values.decode(Int.self, forKey: key))
        case .update: self = .update
        }
    }
}
