/// One process at one moment.
package struct ProcessSample: Sendable, Hashable {
    /// A process of the box: its number may be given again, with another start.
    package struct Identity: Sendable, Hashable {
        package var number: Int
        /// In ticks since the start of the system.
        package var startTicks: UInt64

        package init(number: Int, startTicks: UInt64) {
            self.number = number
            self.startTicks = startTicks
        }
    }

    package var identity: Identity
    package var parent: Int
    /// The kernel's short name.
    package var name: String
    package var isKernelThread: Bool
    /// Processor time of its threads.
    package var ownSeconds: Double
    /// Processor time of its children that have ended and been waited for.
    package var endedChildrenSeconds: Double
    /// Since its start.
    package var ageSeconds: Double

    package init(
        identity: Identity, parent: Int, name: String, isKernelThread: Bool = false, ownSeconds: Double,
        endedChildrenSeconds: Double = 0, ageSeconds: Double
    ) {
        self.identity = identity
        self.parent = parent
        self.name = name
        self.isKernelThread = isKernelThread
        self.ownSeconds = ownSeconds
        self.endedChildrenSeconds = endedChildrenSeconds
        self.ageSeconds = ageSeconds
    }

    fileprivate var seconds: Double { ownSeconds + endedChildrenSeconds }
}

/// Adds up what every process used between samples.
package struct ProcessLoads: Sendable {
    package struct Load: Sendable, Hashable {
        package var process: ProcessSample.Identity
        /// Processor time over all intervals.
        package var cpuSeconds = 0.0
        /// Processors used on average over the intervals in which the process was busy.
        package var processors: Double {
            if busySeconds > 0 { return busyCPUSeconds / busySeconds }
            return seconds > 0 ? cpuSeconds / seconds : 0
        }
        /// Length of all intervals, and of those in which it was busy with what it used in them.
        fileprivate var seconds = 0.0
        fileprivate var busySeconds = 0.0
        fileprivate var busyCPUSeconds = 0.0

        fileprivate init(process: ProcessSample.Identity) { self.process = process }
    }

    /// Processors from which on a process counts as busy in an interval.
    private static let busyProcessors = 0.1
    /// The kernel counts in ticks.
    private static let tickSeconds = 0.01

    private var last: [ProcessSample.Identity: ProcessSample] = [:]
    private var lastSeconds: Double?
    private var loads: [ProcessSample.Identity: Load] = [:]

    package init() {}

    /// - Parameter seconds: when the samples were taken.
    package mutating func add(_ samples: [ProcessSample], atSeconds seconds: Double) {
        let now = Dictionary(samples.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
        let (before, previousSeconds) = (last, lastSeconds)
        (last, lastSeconds) = (now, seconds)
        guard let began = previousSeconds, seconds > began else { return }
        let interval = seconds - began
        // A child that ended is in its parent's time from now on, with what was counted as its own before, and with what it
        // used since. Where the parent ended too, it is in that of the next one above.
        let ended = before.values.filter { now[$0.identity] == nil }
        let parentOfEnded = Dictionary(
            ended.map { ($0.identity.number, $0.parent) }, uniquingKeysWith: { first, _ in first })
        var children: [Int: [ProcessSample]] = [:]
        for sample in ended {
            var (parent, steps) = (sample.parent, 0)
            // A number that was given again could lead in a circle.
            while let next = parentOfEnded[parent], steps < ended.count { (parent, steps) = (next, steps + 1) }
            children[parent, default: []].append(sample)
        }
        for sample in samples {
            let known = before[sample.identity]
            let own = sample.ownSeconds - (known?.ownSeconds ?? 0)
            let ofChildren = children[sample.identity.number] ?? []
            var rest =
                sample.endedChildrenSeconds - (known?.endedChildrenSeconds ?? 0)
                - ofChildren.reduce(0) { $0 + $1.seconds }
            // A parent that waits uses nothing itself. What is more than its children can have used was used by others that
            // came and went between the samples.
            for child in ofChildren.sorted(by: { $0.seconds > $1.seconds }) where rest > 0 {
                add(min(rest, interval), to: child.identity, over: interval)
                rest -= interval
            }
            let used = max(0, own) + max(0, rest)
            guard used > 0 else { continue }
            // A process that started within the interval was busy since then at most.
            let present = known == nil ? min(interval, max(sample.ageSeconds, Self.tickSeconds)) : interval
            add(used, to: sample.identity, over: present)
        }
    }

    private mutating func add(_ used: Double, to process: ProcessSample.Identity, over seconds: Double) {
        var load = loads[process] ?? Load(process: process)
        load.cpuSeconds += used
        load.seconds += seconds
        if used >= Self.busyProcessors * seconds {
            load.busyCPUSeconds += used
            load.busySeconds += seconds
        }
        loads[process] = load
    }

    /// The processes with the most processor time, the largest first.
    package func largest(_ count: Int) -> [Load] {
        // Equal ones in the order of their start, so that the answer does not depend on the table's order.
        let sorted = loads.values.sorted {
            ($1.cpuSeconds, $0.process.startTicks) < ($0.cpuSeconds, $1.process.startTicks)
        }
        return Array(sorted.prefix(count))
    }
}
