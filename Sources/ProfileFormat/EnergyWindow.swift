import SystemIO
import Workload

/// A time interval over which the counters were differenced, from one update of the counters to another.
///
/// Waiting for those updates is part of the interval but not of the work. It takes ``seconds`` less ``workSeconds``. Its
/// power is that of the polling that goes on for one more update after the window.
public struct EnergyWindow: Codable, Sendable, Hashable {
    public enum Subject: String, Codable, Sendable, Hashable {
        case idle
        /// Whole steps without instruments.
        case step
        /// Whole steps with every instrument on. Their additional cost is the instrumentation overhead.
        case instrumentedStep = "instrumented_step"
        /// One layer in one direction, repeated.
        case layer
    }

    public var subject: Subject
    /// Set for `layer` only.
    public var layer: Int?
    /// Set for `layer` only.
    public var direction: Direction?
    /// How many times the subject ran in the window; 0 for idle.
    public var iterations: Int
    /// Between the two updates, to which the joules belong.
    public var seconds: Double
    /// Time of the subject itself; `nil` where the window was not aligned to updates, and all of it counts.
    public var workSeconds: Double?
    /// Uncertainty of the times of the two updates, summed: the time between the polls around each.
    public var edgeSeconds: Double?
    /// Length and joules by domain of the polling after the window, up to the next update.
    public var pollingSeconds: Double?
    public var pollingJoules: [String: Double]?
    /// Processor time of this process in the work.
    public var cpuSeconds: Double
    /// Joules of every readable domain, by identifier.
    public var joules: [String: Double]
    /// Seconds from the start of the run to the start of the window.
    public var startSeconds: Double

    public init(
        subject: Subject, layer: Int? = nil, direction: Direction? = nil, iterations: Int, seconds: Double,
        workSeconds: Double? = nil, edgeSeconds: Double? = nil, pollingSeconds: Double? = nil,
        pollingJoules: [String: Double]? = nil, cpuSeconds: Double, joules: [String: Double], startSeconds: Double
    ) {
        self.subject = subject
        self.layer = layer
        self.direction = direction
        self.iterations = iterations
        self.seconds = seconds
        self.workSeconds = workSeconds
        self.edgeSeconds = edgeSeconds
        self.pollingSeconds = pollingSeconds
        self.pollingJoules = pollingJoules
        self.cpuSeconds = cpuSeconds
        self.joules = joules
        self.startSeconds = startSeconds
    }
}

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
