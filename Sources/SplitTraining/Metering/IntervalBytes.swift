import Instrumentation
import SystemIO

/// A side's intervals as bytes, for the device.
enum IntervalBytes {
    /// Five 64-bit integers; see `TurnCommitted` in split.proto.
    static let size = 5 * MemoryLayout<Int64>.size
    private static let activities: [Activity] = [.computing, .sending, .waiting]

    static func bytes(of intervals: [ActivityInterval]) -> [UInt8] {
        TensorBytes.bytes(
            of: intervals.flatMap { interval -> [Int64] in
                [
                    Int64(activities.firstIndex(of: interval.activity) ?? 0), Int64(interval.step ?? -1),
                    interval.start.nanoseconds, interval.end.nanoseconds,
                    Int64(bitPattern: (interval.joules ?? .nan).bitPattern),
                ]
            })
    }

    /// - Throws: ``KerfError/Code/protocolViolation`` for an unknown activity, an impossible step or time, an interval that ends
    ///   before it begins or that overlaps the one before.
    static func intervals(_ bytes: [UInt8]) throws(KerfError) -> [ActivityInterval] {
        let numbers: [Int64] = TensorBytes.numbers(bytes)
        var intervals: [ActivityInterval] = []
        for start in stride(from: 0, to: numbers.count - 4, by: 5) {
            let (activity, step, first, last) = (
                numbers[start], numbers[start + 1], numbers[start + 2], numbers[start + 3]
            )
            let joules = Double(bitPattern: UInt64(bitPattern: numbers[start + 4]))
            guard activities.indices.contains(Int(clamping: activity)), step <= Int32.max, first <= last,
                first >= intervals.last?.end.nanoseconds ?? 0, last <= MonotonicInstant.latest.nanoseconds
            else { throw KerfError(.protocolViolation, "the server's record of a turn is not in order") }
            intervals.append(
                ActivityInterval(
                    activity: activities[Int(activity)], step: step < 0 ? nil : Int(step),
                    start: MonotonicInstant(nanoseconds: first), end: MonotonicInstant(nanoseconds: last),
                    joules: joules.isFinite ? joules : nil))
        }
        return intervals
    }
}
