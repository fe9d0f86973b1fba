import SystemIO

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

    package struct Runtime: Decodable, Sendable, Hashable {
        package var name: String
        package var version: String
        package var device: String
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

/// A line from the client.
enum ClientMessage: Decodable, Sendable {
    case hello(Hello)
    case done(Answer)
    case failed(String)

    struct Answer: Decodable, Sendable, Hashable {
        var count: Int
        var marks: Int
        var dropped: Int
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case hello, done, failed
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        switch values.allKeys.first {
        case .hello: self = .hello(try values.decode(Hello.self, forKey: .hello))
        case .done: self = .done(try values.decode(Answer.self, forKey: .done))
        case .failed: self = .failed(try values.decode(String.self, forKey: .failed))
        case nil:
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected one of hello, done, failed"))
        }
    }
}

/// A line to the client.
enum ServerMessage: Encodable, Sendable, Hashable {
    case welcome
    case refused(String)
    case steps(marked: Bool, seconds: Double, atMost: Int)
    case prepare(pass: Int)
    case repetition(pass: Int, seconds: Double)
    case marks(count: Int)
    case stop

    static let version = 1

    private struct Welcome: Encodable { var version = ServerMessage.version }
    private struct Steps: Encodable {
        var marked: Bool
        var seconds: Double
        var atMost: Int
    }
    private struct Prepare: Encodable { var pass: Int }
    private struct Repeat: Encodable {
        var pass: Int
        var seconds: Double
    }
    private struct Marks: Encodable { var count: Int }
    private struct Stop: Encodable {}

    private enum CodingKeys: String, CodingKey {
        case welcome, refused, steps, prepare, marks, stop
        case repetition = "repeat"
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .welcome: try values.encode(Welcome(), forKey: .welcome)
        case .refused(let why): try values.encode(why, forKey: .refused)
        case .steps(let marked, let seconds, let atMost):
            try values.encode(Steps(marked: marked, seconds: seconds, atMost: atMost), forKey: .steps)
        case .prepare(let pass): try values.encode(Prepare(pass: pass), forKey: .prepare)
        case .repetition(let pass, let seconds):
            try values.encode(Repeat(pass: pass, seconds: seconds), forKey: .repetition)
        case .marks(let count): try values.encode(Marks(count: count), forKey: .marks)
        case .stop: try values.encode(Stop(), forKey: .stop)
        }
    }

    /// What is done for it, in an error.
    var work: String {
        switch self {
        case .welcome, .refused, .stop: "start"
        case .steps: "a step"
        case .prepare(let pass): "preparing pass \(pass)"
        case .repetition(let pass, _): "repeating pass \(pass)"
        case .marks: "writing marks"
        }
    }
}
