import Instrumentation
import SplitTraining

/// A training without a timeline: its turns, steps, and what each side did in each step, laid end to end.
struct LaidOutRun {
    private(set) var turns: [Trace.Slice] = []
    private(set) var steps: [Trace.Slice] = []
    /// By side.
    private(set) var activities: [TimelineSlices.Side: [Trace.Slice]] = [:]
    /// Steps for which the trace is too long, or whose length is not possible.
    private(set) var unplacedSteps = 0
    let title: String

    init(_ run: SplitRun) {
        title = run.title
        var endToEnd = EndToEnd()
        for turn in run.turns { add(turn, &endToEnd) }
    }

    private mutating func add(_ turn: SplitRun.TurnRecord, _ endToEnd: inout EndToEnd) {
        let began = endToEnd.position
        for (place, seconds) in turn.stepSeconds.enumerated() {
            let sides = turn.costs.map { [(TimelineSlices.Side.device, $0.device), (.server, $0.server)] } ?? []
            let parts = sides.filter { place < $0.1.steps.count }.map { side, costs in (side, costs.steps[place]) }
            let whole = TraceLayout.nanoseconds(seconds)
            // Micro-batches of two steps may overlap on the server, whose parts then take longer than the device's step.
            let longest = parts.map { $0.1.nanoseconds }.max() ?? 0
            guard let whole, let start = endToEnd.next(max(whole, longest)) else {
                unplacedSteps += 1
                continue
            }
            steps.append(
                Trace.Slice(
                    name: "step", category: .step, start: start, duration: whole,
                    annotations: [
                        (turn.firstStep &+ place &+ 1).annotation("step"), turn.number.annotation("turn"),
                    ]))
            for (side, totals) in parts { activities[side, default: []] += totals.slices(from: start) }
        }
        guard endToEnd.position > began else { return }
        turns.append(
            Trace.Slice(
                name: "turn \(turn.number)", category: .turn, start: began, duration: endToEnd.position - began,
                annotations: [turn.number.annotation("turn")] + turn.annotations(.device)))
    }
}

extension ActivityTotals {
    private static func nanoseconds(_ share: Share) -> Int64 { TraceLayout.nanoseconds(share.seconds) ?? 0 }

    /// All of it.
    fileprivate var nanoseconds: Int64 { Activity.allCases.reduce(0) { $0 + Self.nanoseconds(self[$1]) } }

    /// Computing, sending and waiting, one after the other.
    fileprivate func slices(from start: Int64) -> [Trace.Slice] {
        var position = start
        return Activity.allCases.compactMap { activity in
            let duration = Self.nanoseconds(self[activity])
            guard duration > 0 else { return nil }
            defer { position += duration }
            var slice = Trace.Slice(
                name: activity.rawValue, category: .activity, start: position, duration: duration)
            slice.annotations = self[activity].joules.map { [Trace.Annotation("joules", .number($0))] } ?? []
            return slice
        }
    }
}

extension Trace {
    mutating func append(_ run: LaidOutRun) {
        let text = "Measured lengths in their order. The run has no timeline, which has the times between them."
        var device = Group("device of \(run.title): laid end to end")
        append(run.turns, to: &device, named: "turns", text, placement: .laidOut)
        append(run.steps, to: &device, named: "steps", text, placement: .laidOut)
        append(run.activities[.device] ?? [], to: &device, named: "activity", text, placement: .laidOut)
        append(device)
        var server = Group("server of \(run.title): laid end to end")
        append(run.activities[.server] ?? [], to: &server, named: "activity", text, placement: .laidOut)
        append(server)
        leaveOut(run.unplacedSteps, "steps", because: "their length is not possible, or the trace would be too long")
    }
}
