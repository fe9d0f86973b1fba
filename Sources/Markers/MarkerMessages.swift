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
