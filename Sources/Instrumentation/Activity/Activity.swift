import SystemIO

/// What a process does at a moment. Where several go on at the same time, the first of these counts.
package enum Activity: String, Codable, Sendable, Hashable, CaseIterable {
    case computing
    case sending
    /// For the other side or the link, nothing else.
    case waiting
}

/// A time in which a process did one thing.
package struct ActivityInterval: Sendable, Hashable {
    package var activity: Activity
    /// The step that it belongs to; `nil` outside of steps.
    package var step: Int?
    package var start: MonotonicInstant
    package var end: MonotonicInstant
    /// Energy of the meter's total; `nil` without a meter.
    package var joules: Double?

    package init(
        activity: Activity, step: Int?, start: MonotonicInstant, end: MonotonicInstant, joules: Double?
    ) {
        self.activity = activity
        self.step = step
        self.start = start
        self.end = end
        self.joules = joules
    }

    package var seconds: Double { end.seconds(since: start) }

    /// The part within a time; energy is divided by time.
    ///
    /// - Returns: `nil` where they do not overlap.
    package func clamped(from first: MonotonicInstant, to last: MonotonicInstant) -> ActivityInterval? {
        var part = self
        (part.start, part.end) = (max(start, first), min(end, last))
        guard part.start < part.end else { return nil }
        part.joules = joules.map { $0 * part.seconds / seconds }
        return part
    }
}

extension [ActivityInterval] {
    /// The same without energy, where the meter counted others as well.
    package var withoutEnergy: [ActivityInterval] {
        map { interval in
            var times = interval
            times.joules = nil
            return times
        }
    }

    /// The intervals with their waiting divided: what lies within one of the transfers is sending.
    ///
    /// A call that sends returns when the system has taken the bytes, often long before they have arrived. The time until
    /// then is known only from the other side.
    ///
    /// - Parameter transfers: start and end of what this side sent, by this side's clock; ascending, without overlap.
    package func marking(transfers: [(start: MonotonicInstant, end: MonotonicInstant)]) -> [ActivityInterval] {
        flatMap { interval -> [ActivityInterval] in
            guard interval.activity == .waiting else { return [interval] }
            var parts: [ActivityInterval] = []
            var position = interval.start
            for transfer in transfers {
                guard var sent = interval.clamped(from: transfer.start, to: transfer.end) else { continue }
                if let before = interval.clamped(from: position, to: sent.start) { parts.append(before) }
                sent.activity = .sending
                parts.append(sent)
                position = sent.end
            }
            if let rest = interval.clamped(from: position, to: interval.end) { parts.append(rest) }
            return parts
        }
    }
}
