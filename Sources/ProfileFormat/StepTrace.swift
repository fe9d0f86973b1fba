import SystemIO

/// The counters between the layers of one instrumented step: what in-situ attribution is made from.
public struct StepTrace: Codable, Sendable, Hashable {
    /// From the start of the run to the step's start.
    public var startSeconds: Double
    /// The pair of bursts that the step belongs to; `nil` where it stands alone.
    public var pair: Int?
    /// From the counters' last update to the step's start; `nil` where it may have been any share of an update interval.
    public var staleSeconds: Double?
    /// Since the step's start, at its start and after each pass in order: one more than there are passes.
    public var seconds: [Double]
    /// Joules of each domain of the box's total that its counter showed since the step's start, at the same moments; `nil`
    /// where nobody looked. A counter shows what it had at its last update, and each has updates of its own.
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
    /// Stands for the box's total in ``joules`` while a file is decoded whose traces do not tell domains apart.
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
