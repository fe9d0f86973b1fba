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
        /// Whole steps with every instrument on. What they cost more is the instrumentation overhead.
        case instrumentedStep = "instrumented_step"
        /// One layer in one direction, repeated.
        case layer
    }

    public var subject: Subject
    /// Set for `layer` only.
    public var layer: Int?
    /// `forward` or `backward`; set for `layer` only.
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
