import SystemIO

/// The counters between the layers of one instrumented step, the input of in-situ attribution.
public struct StepTrace: Codable, Sendable, Hashable {
    /// Seconds from the start of the run to the step's start.
    public var startSeconds: Double
    /// The pair of bursts that the step belongs to; `nil` in older files.
    public var pair: Int?
    /// Seconds from the counters' last update to the step's start; `nil` where it may be any part of an update interval.
    public var staleSeconds: Double?
    /// Since the step's start, at its start and after each pass in order: one more than there are passes.
    public var seconds: [Double]
    /// Joules since the step's start, by domain of the box's total, at the same times; `nil` where the counters were not
    /// read. A counter shows its value at its last update, and each is updated at its own times.
    public var joules: [String: [Double?]]

    public init(
        startSeconds: Double, pair: Int? = nil, staleSeconds: Double? = nil, seconds: [Double],
        joules: [String: [Double?]]
    ) {
        self.startSeconds = startSeconds
        self.pair = pair
        self.staleSeconds = staleSeconds
        self.seconds = seconds
        self.joules = joules
    }
}

extension StepTrace {
    /// Key of ``joules`` while a file is decoded that has only the total of all domains.
    static let total = ""
    static let totalOnly = "step trace of file version 1: one energy for several domains"

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        startSeconds = try container.decode(Double.self, forKey: .startSeconds)
        pair = try container.decodeIfPresent(Int.self, forKey: .pair)
        staleSeconds = try container.decodeIfPresent(Double.self, forKey: .staleSeconds)
        seconds = try container.decode([Double].self, forKey: .seconds)
        if decoder.userInfo[.fileVersion] as? Int == 1,
            let list = try? container.decode([Double?].self, forKey: .joules)
        {
            joules = [Self.total: list]
        } else {
            joules = try container.decode([String: [Double?]].self, forKey: .joules)
        }
    }
}
