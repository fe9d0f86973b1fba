import CARD
import Instrumentation
import Quantities
import SplitTraining

/// A timeline's entries as slices and power, of one side or of the link.
struct TimelineSlices {
    enum Side: String {
        case device, server
    }

    /// A counter is updated about once a millisecond, so that the power of shorter times says nothing.
    static let meanSeconds = 0.01

    private let entries: [TimelineEntry]
    /// What is before the start of the device's process: times of a trace are not below zero.
    private let shift: Double

    init(_ entries: [TimelineEntry]) {
        self.entries = entries.sorted { $0.startSeconds < $1.startSeconds }
        shift = max(0, -(self.entries.first?.startSeconds ?? 0))
    }

    private func made(_ name: String, _ category: Trace.Category, _ from: Double, _ to: Double) -> Trace.Slice? {
        guard let start = TraceLayout.nanoseconds(from + shift), let end = TraceLayout.nanoseconds(to + shift) else {
            return nil
        }
        return Trace.Slice(name: name, category: category, start: start, duration: end - start)
    }

    private func entries(of side: Side) -> [(activity: Activity, entry: TimelineEntry)] {
        entries.compactMap { entry in
            switch (entry.subject, side) {
            case (.device(let activity), .device), (.server(let activity), .server): (activity, entry)
            default: nil
            }
        }
    }

    // MARK: - Slices

    /// - Parameter annotations: of a turn, by its number.
    func turns(_ side: Side, annotations: (Int) -> [Trace.Annotation] = { _ in [] }) -> [Trace.Slice] {
        let groups = Dictionary(grouping: entries(of: side).map(\.entry), by: \.turn)
        return groups.keys.sorted().compactMap { number in
            whole(groups[number, default: []], "turn \(number)", .turn).map { turn in
                var turn = turn
                turn.annotations = [number.annotation("turn")] + annotations(number)
                return turn
            }
        }
    }

    func steps(_ side: Side) -> [Trace.Slice] {
        let inSteps = entries(of: side).map(\.entry).filter { $0.step != nil }
        let groups = Dictionary(grouping: inSteps) { $0.step ?? 0 }
        return groups.keys.sorted().compactMap { number in
            let entries = groups[number, default: []]
            return whole(entries, "step", .step).map { step in
                var step = step
                step.annotations = [number.annotation("step"), (entries.first?.turn ?? 0).annotation("turn")]
                return step
            }
        }
    }

    private func whole(_ entries: [TimelineEntry], _ name: String, _ category: Trace.Category) -> Trace.Slice? {
        guard let start = entries.map(\.startSeconds).min(), let end = entries.map(\.endSeconds).max() else {
            return nil
        }
        return made(name, category, start, end)
    }

    func activities(_ side: Side, origin: Origin?) -> [Trace.Slice] {
        entries(of: side).compactMap { activity, entry in
            made(activity.rawValue, .activity, entry.startSeconds, entry.endSeconds).map { slice in
                var slice = slice
                if let step = entry.step { slice.annotations.append(step.annotation("step")) }
                if let joules = entry.joules {
                    slice.annotations.append(Trace.Annotation("joules", .number(joules)))
                    slice.annotations.append(
                        Trace.Annotation("origin", .text((origin ?? .unavailable).rawValue)))
                }
                return slice
            }
        }
    }

    func transfers(_ direction: LinkDirection) -> [Trace.Slice] {
        entries.compactMap { entry in
            guard case .transfer(direction, let content) = entry.subject,
                var slice = made(content.name, .transfer, entry.startSeconds, entry.endSeconds)
            else { return nil }
            if let step = entry.step { slice.annotations.append(step.annotation("step")) }
            if let bytes = entry.bytes { slice.annotations.append(bytes.annotation("bytes")) }
            return slice
        }
    }

    // MARK: - Power

    /// Means over consecutive intervals that together are long enough.
    func watts(_ side: Side) -> [Trace.Counter.Value] {
        var values: [Trace.Counter.Value] = []
        var (joules, seconds) = (0.0, 0.0)
        var began: Double?
        for (_, entry) in entries(of: side) {
            guard let part = entry.joules else {
                // What follows a gap begins anew.
                (joules, seconds, began) = (0, 0, nil)
                continue
            }
            began = began ?? entry.startSeconds
            joules += part
            seconds += entry.endSeconds - entry.startSeconds
            guard seconds >= Self.meanSeconds, let from = began,
                let time = TraceLayout.nanoseconds(from + shift)
            else { continue }
            values.append(.init(time: time, value: joules / seconds))
            (joules, seconds, began) = (0, 0, nil)
        }
        return values
    }
}

extension ObservedTransfer.Content {
    /// `smashed data`
    fileprivate var name: String {
        switch self {
        case .smashedData: "smashed data"
        case .gradient: "gradient"
        case .adapters: "adapters"
        }
    }
}
