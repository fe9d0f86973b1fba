import ProfileFormat

/// The state of the box apart from the measured work: cumulative counters, frequency and temperature. `nil` for what the box
/// does not report.
package struct BoxConditions: Sendable, Hashable {
    /// Steal time, summed over CPUs.
    package var stealSeconds: Double?
    /// Thermal throttling events of all cores and packages.
    package var throttleCount: Int?
    /// Frequency of the fastest policy, in hertz.
    package var frequencyHertz: Double?
    /// Major page faults of this process.
    package var majorFaultCount: Int?
    /// Processor time of all other processes.
    package var otherProcessSeconds: Double?
    /// Temperature of the processor.
    package var celsius: Double?
    /// Time for which a control group's quota stopped this process, summed over CPUs.
    package var quotaSeconds: Double?
    /// Time that each thread of this process was ready and waited for a processor, by the thread's number.
    package var waitSeconds: [String: Double]?
    /// Times that each thread of this process lost its processor to another one, by the thread's number.
    package var involuntarySwitchCounts: [String: Int]?
    /// Processor time of all other processes, as a record: known also where it is no reason to reject a window, since the
    /// run leaves processors free or the meter does not count them.
    package var otherLoadSeconds: Double?
    package var onlineProcessors: OnlineProcessors?
    /// Time of a fixed piece of arithmetic on this thread, where no frequency tells how fast the processor is.
    package var referenceSeconds: Double?

    package init(
        stealSeconds: Double? = nil, throttleCount: Int? = nil, frequencyHertz: Double? = nil,
        majorFaultCount: Int? = nil, otherProcessSeconds: Double? = nil, celsius: Double? = nil,
        quotaSeconds: Double? = nil, waitSeconds: [String: Double]? = nil,
        involuntarySwitchCounts: [String: Int]? = nil, otherLoadSeconds: Double? = nil,
        onlineProcessors: OnlineProcessors? = nil, referenceSeconds: Double? = nil
    ) {
        self.stealSeconds = stealSeconds
        self.throttleCount = throttleCount
        self.frequencyHertz = frequencyHertz
        self.majorFaultCount = majorFaultCount
        self.otherProcessSeconds = otherProcessSeconds
        self.celsius = celsius
        self.quotaSeconds = quotaSeconds
        self.waitSeconds = waitSeconds
        self.involuntarySwitchCounts = involuntarySwitchCounts
        self.otherLoadSeconds = otherLoadSeconds ?? otherProcessSeconds
        self.onlineProcessors = onlineProcessors
        self.referenceSeconds = referenceSeconds
    }

    /// Waits for a processor, summed over threads.
    package var runQueueSeconds: Double? { waitSeconds.map { $0.values.reduce(0, +) } }

    /// Maximum steal time in an undisturbed window, relative to its wall time.
    package static let toleratedSteal = 0.05
    /// Maximum CPU time of other processes, relative to the wall time.
    package static let toleratedOtherLoad = 0.10
    /// Maximum time for which a quota stopped the process, relative to the wall time.
    package static let toleratedQuota = 0.02
    /// Maximum time that one thread waited for a processor, relative to the wall time. Threads that share a kernel end it
    /// together, so that the one that waits longest says how much longer it takes; their sum grows with their number on a
    /// quiet box too. Kerf's own sampling takes some of it.
    package static let toleratedRunQueue = 0.10
    /// Maximum rate of one thread's involuntary switches, in 1/s, where the kernel does not count the time that threads
    /// waited. A busy processor is shared in turns of 3 to 4 ms; timers and the kernel's own threads interrupt less often.
    package static let toleratedSwitchRate = 100.0
    /// Maximum relative change of the frequency.
    package static let toleratedFrequencyChange = 0.05
    /// Maximum relative change of the processor's speed by the time of a fixed piece of arithmetic, which scatters by some
    /// percent.
    package static let toleratedSpeedChange = 0.08
    /// Maximum change of temperature, on which leakage current depends.
    package static let toleratedCelsius = 5.0

    /// Why a window between two samples is disturbed; `nil` for an undisturbed one.
    ///
    /// - Parameters:
    ///   - hasRunUp: whether the frequency could settle before the window; otherwise its change is ignored.
    ///   - hasLoads: whether weights were read within the window; page faults are then part of the work.
    ///   - heatsBox: whether the work itself makes the box warmer or lets it cool; its temperature may then change.
    package static func disturbance(
        from start: BoxConditions, to end: BoxConditions, seconds: Double, hasRunUp: Bool = false,
        hasLoads: Bool = false, heatsBox: Bool = false
    ) -> Disturbance? {
        if grew(start.throttleCount, end.throttleCount, by: 0) { return .throttling }
        // The kernel's own work for it is in no counter of load: its CPUs hold interrupts off, and lose their ticks.
        if let before = start.onlineProcessors, let after = end.onlineProcessors,
            before != after || before.isChanging
        {
            return .hotplug
        }
        // Before the waits that it causes.
        if grew(start.quotaSeconds, end.quotaSeconds, by: max(0.002, toleratedQuota * seconds)) {
            return .quota
        }
        // Steal time and load are counted in ticks of 10 ms, so one or two ticks in a short window are tolerated.
        if grew(start.stealSeconds, end.stealSeconds, by: max(0.015, toleratedSteal * seconds)) {
            return .steal
        }
        if grew(start.otherProcessSeconds, end.otherProcessSeconds, by: max(0.035, toleratedOtherLoad * seconds)) {
            return .otherLoad
        }
        if let reason = contention(from: start, to: end, seconds: seconds) { return reason }
        if !hasLoads, grew(start.majorFaultCount, end.majorFaultCount, by: 0) { return .pageFaults }
        if hasRunUp, let before = start.frequencyHertz, let after = end.frequencyHertz,
            abs(after - before) > toleratedFrequencyChange * before
        {
            return .frequency
        }
        if let before = start.referenceSeconds, let after = end.referenceSeconds, !isSameSpeed(before, after) {
            return .speed
        }
        if !heatsBox, let before = start.celsius, let after = end.celsius, abs(after - before) > toleratedCelsius {
            return .temperature
        }
        return nil
    }

    /// Why a turn of split training is disturbed; `nil` for an undisturbed one. Its own computing and waiting heat the box
    /// and let it cool, more or less by where the model is cut. What heat slows is seen by throttle counters and, where no
    /// cpufreq driver tells the frequency, by the speed.
    package static func turnDisturbance(
        from start: BoxConditions, to end: BoxConditions, seconds: Double
    ) -> Disturbance? {
        disturbance(from: start, to: end, seconds: seconds, hasLoads: true, heatsBox: true)
    }

    /// The longer time of the piece of arithmetic; `nil` where neither was taken.
    package static func longerReference(_ one: BoxConditions, _ other: BoxConditions) -> Double? {
        [one, other].compactMap(\.referenceSeconds).max()
    }

    /// Whether the processor had one speed when a fixed piece of arithmetic took these times.
    package static func isSameSpeed(_ one: Double, _ other: Double) -> Bool {
        max(one, other) <= (1 + toleratedSpeedChange) * min(one, other)
    }

    /// Threads that had to share their processors. The time tells more than the number of switches, of which most are
    /// short.
    private static func contention(
        from start: BoxConditions, to end: BoxConditions, seconds: Double
    ) -> Disturbance? {
        if let waited = maximumGrowth(start.waitSeconds, end.waitSeconds) {
            return waited > max(0.010, toleratedRunQueue * seconds) ? .waiting : nil
        }
        let tolerated = Int((max(0.1, seconds) * toleratedSwitchRate).rounded())
        let switches = maximumGrowth(start.involuntarySwitchCounts, end.involuntarySwitchCounts) ?? 0
        return switches > tolerated ? .switches : nil
    }

    /// What the counter of one thread grew by, of the thread where it is most; `nil` where it is not known. A thread that
    /// began in between counts from 0, and one that ended is not seen.
    private static func maximumGrowth<Number: Numeric & Comparable>(
        _ start: [String: Number]?, _ end: [String: Number]?
    ) -> Number? {
        guard let start, let end else { return nil }
        return end.map { thread, count in count - (start[thread] ?? 0) }.max()
    }

    private static func grew<Number: Numeric & Comparable>(
        _ start: Number?, _ end: Number?, by tolerance: Number
    ) -> Bool {
        guard let start, let end else { return false }
        return end - start > tolerance
    }
}
