/// What the box did besides running the work: counters that only grow, its clock and its heat. Each is `nil` where
/// nothing tells it.
package struct BoxConditions: Sendable, Hashable {
    /// Time that the hypervisor gave to others, summed over CPUs.
    package var stealSeconds: Double?
    /// Thermal throttling events of all cores and packages.
    package var throttleCount: Int?
    /// The fastest policy's clock now, in hertz.
    package var clockHertz: Double?
    /// Pages of this process that had to be fetched from a disk.
    package var majorFaultCount: Int?
    /// Processor time of all other processes.
    package var foreignSeconds: Double?
    /// Of the processor.
    package var celsius: Double?

    package init(
        stealSeconds: Double? = nil, throttleCount: Int? = nil, clockHertz: Double? = nil,
        majorFaultCount: Int? = nil, foreignSeconds: Double? = nil, celsius: Double? = nil
    ) {
        self.stealSeconds = stealSeconds
        self.throttleCount = throttleCount
        self.clockHertz = clockHertz
        self.majorFaultCount = majorFaultCount
        self.foreignSeconds = foreignSeconds
        self.celsius = celsius
    }

    /// More stolen time than this share of a window's wall time spoils it.
    package static let toleratedSteal = 0.05
    /// The same of one processor's time for other processes.
    package static let toleratedForeignLoad = 0.10
    /// A larger relative change of the clock within a window.
    package static let toleratedClockChange = 0.05
    /// A larger change of temperature within a window: leakage goes with it.
    package static let toleratedCelsius = 5.0

    /// Why a window between two looks is spoiled, or `nil` when it is sound.
    ///
    /// - Parameters:
    ///   - hasRunUp: whether the clock had time to settle before the window; else a change of it says nothing.
    ///   - hasLoads: whether weights were read within the window, whose page faults are its own.
    package static func disturbance(
        from start: BoxConditions, to end: BoxConditions, seconds: Double, hasRunUp: Bool = false,
        hasLoads: Bool = false
    ) -> String? {
        if grew(start.throttleCount, end.throttleCount, by: 0) { return "thermal throttling" }
        // Steal and load are counted in ticks of 10 ms, so that one or two ticks in a short window say nothing.
        if grew(start.stealSeconds, end.stealSeconds, by: max(0.015, toleratedSteal * seconds)) {
            return "stolen time"
        }
        if grew(start.foreignSeconds, end.foreignSeconds, by: max(0.035, toleratedForeignLoad * seconds)) {
            return "foreign load"
        }
        if !hasLoads, grew(start.majorFaultCount, end.majorFaultCount, by: 0) { return "major page faults" }
        if hasRunUp, let before = start.clockHertz, let after = end.clockHertz,
            abs(after - before) > toleratedClockChange * before
        {
            return "clock change"
        }
        if let before = start.celsius, let after = end.celsius, abs(after - before) > toleratedCelsius {
            return "temperature drift"
        }
        return nil
    }

    private static func grew<Number: Numeric & Comparable>(
        _ start: Number?, _ end: Number?, by tolerance: Number
    ) -> Bool {
        guard let start, let end else { return false }
        return end - start > tolerance
    }
}
