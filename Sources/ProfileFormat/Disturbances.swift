/// What other work, heat, a quota or the hypervisor did to a step or window that makes it unusable.
public enum Disturbance: String, Codable, Sendable, Hashable, CaseIterable {
    case throttling = "thermal throttling"
    case hotplug = "CPUs going on or off line"
    case quota = "CPU quota of the control group"
    case steal = "steal time"
    case otherLoad = "load from other processes"
    case waiting = "waiting for a processor"
    case switches = "involuntary context switches"
    case pageFaults = "major page faults"
    case frequency = "frequency change"
    case speed = "another speed of the processor"
    case temperature = "temperature drift"
}

extension Disturbance {
    /// Whether other processes on the same processors cause it.
    package var isContention: Bool { self == .otherLoad || self == .waiting || self == .switches }
}

/// What disturbed a run: how many of its steps and windows, and by what.
public struct Disturbances: Codable, Sendable, Hashable {
    /// Steps and windows that were taken, rejected ones and those of the idle box included. Steps that were taken
    /// together count once.
    public var measurementCount: Int
    /// Their length, summed.
    public var measuredSeconds: Double
    /// Causes for which some were rejected, the one that took the most time first.
    public var causes: [DisturbanceCause]
    /// Logical processors of the box.
    public var processorCount: Int?
    /// The other processes that used the most processor time, at most ``maximumProcesses``; `nil` where other processes
    /// disturbed nothing, and where none can be seen.
    public var processes: [OtherProcess]?
    /// What it took to find the processes, between steps and windows; `nil` where they were not sought.
    public var processSamplingSeconds: Double?
    /// When those that were rejected were taken, in order, at most ``maximumIntervals``; `nil` in older files.
    public var rejectedIntervals: [RejectedInterval]?

    public init(
        measurementCount: Int, measuredSeconds: Double, causes: [DisturbanceCause], processorCount: Int? = nil,
        processes: [OtherProcess]? = nil, processSamplingSeconds: Double? = nil,
        rejectedIntervals: [RejectedInterval]? = nil
    ) {
        self.measurementCount = measurementCount
        self.measuredSeconds = measuredSeconds
        self.causes = causes
        self.processorCount = processorCount
        self.processes = processes
        self.processSamplingSeconds = processSamplingSeconds
        self.rejectedIntervals = rejectedIntervals
    }

    public static let maximumProcesses = 3
    /// Rejected intervals of a file that Kerf writes.
    public static let maximumIntervals = 2000

    /// What disturbed several runs on one box, as if they were one, without their intervals: the course of each run is its
    /// own. `nil` for none.
    package init?(joining runs: [Disturbances]) {
        guard let first = runs.first else { return nil }
        let causes = Dictionary(grouping: runs.flatMap(\.causes), by: \.cause).values
            .map(DisturbanceCause.init(joining:))
        let processes = Dictionary(grouping: runs.flatMap { $0.processes ?? [] }, by: \.command)
            .map { OtherProcess(command: $0, joining: $1) }
            .sorted { ($1.cpuSeconds, $0.command) < ($0.cpuSeconds, $1.command) }
        let sampling = runs.compactMap(\.processSamplingSeconds)
        self.init(
            measurementCount: runs.reduce(0) { $0 &+ $1.measurementCount },
            measuredSeconds: runs.reduce(0) { $0 + $1.measuredSeconds },
            causes: causes.sorted { ($1.seconds, $0.cause.rawValue) < ($0.seconds, $1.cause.rawValue) },
            processorCount: runs.allSatisfy { $0.processorCount == first.processorCount } ? first.processorCount : nil,
            processes: processes.isEmpty ? nil : Array(processes.prefix(Self.maximumProcesses)),
            processSamplingSeconds: sampling.isEmpty ? nil : sampling.reduce(0, +))
    }
}

/// Steps and windows that were rejected for one cause.
public struct DisturbanceCause: Codable, Sendable, Hashable {
    public var cause: Disturbance
    public var count: Int
    /// Their length, summed.
    public var seconds: Double
    /// Processors that other processes used in them, on average; `nil` where that is not known.
    public var otherProcessors: Double?
    /// Processors that the hypervisor took away in them, on average; `nil` where that is not known.
    public var stealProcessors: Double?

    public init(
        cause: Disturbance, count: Int, seconds: Double, otherProcessors: Double? = nil, stealProcessors: Double? = nil
    ) {
        self.cause = cause
        self.count = count
        self.seconds = seconds
        self.otherProcessors = otherProcessors
        self.stealProcessors = stealProcessors
    }

    /// Those of several runs for one cause; at least one.
    fileprivate init(joining parts: [DisturbanceCause]) {
        let seconds = parts.reduce(0) { $0 + $1.seconds }
        // As within a run: unknown once one of them did not know it.
        func mean(_ processors: KeyPath<DisturbanceCause, Double?>) -> Double? {
            let times = parts.compactMap { part in part[keyPath: processors].map { $0 * part.seconds } }
            return seconds > 0 && times.count == parts.count ? times.reduce(0, +) / seconds : nil
        }
        self.init(
            cause: parts[0].cause, count: parts.reduce(0) { $0 &+ $1.count }, seconds: seconds,
            otherProcessors: mean(\.otherProcessors), stealProcessors: mean(\.stealProcessors))
    }
}

/// The time of a step or window that was rejected, or of steps that were taken together.
public struct RejectedInterval: Codable, Sendable, Hashable {
    /// Since the start of the run.
    public var startSeconds: Double
    public var seconds: Double
    public var cause: Disturbance

    public init(startSeconds: Double, seconds: Double, cause: Disturbance) {
        self.startSeconds = startSeconds
        self.seconds = seconds
        self.cause = cause
    }
}

/// A process that used the processors beside the run.
public struct OtherProcess: Codable, Sendable, Hashable {
    /// The program and its first arguments, without what may be secret; a kernel thread's name in brackets.
    public var command: String
    /// Processors that it used while it was busy, on average.
    public var processors: Double
    /// Processor time that it used during the run, ended children included.
    public var cpuSeconds: Double

    public init(command: String, processors: Double, cpuSeconds: Double) {
        self.command = command
        self.processors = processors
        self.cpuSeconds = cpuSeconds
    }

    /// Those of several runs with one command, on average over the time in which they were busy.
    fileprivate init(command: String, joining parts: [OtherProcess]) {
        let cpuSeconds = parts.reduce(0) { $0 + $1.cpuSeconds }
        let busySeconds = parts.reduce(0) { $0 + ($1.processors > 0 ? $1.cpuSeconds / $1.processors : 0) }
        self.init(
            command: command, processors: busySeconds > 0 ? cpuSeconds / busySeconds : 0, cpuSeconds: cpuSeconds)
    }
}
