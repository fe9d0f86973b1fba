import CARD
import Quantities
import SplitTraining
import SystemIO

extension Trace {
    /// A training over time. With its timeline, both sides and the link are on the device's clock; without one, the steps
    /// and what each side did in them are laid end to end.
    ///
    /// - Parameter timeline: of one process; the run may have turns of earlier ones.
    /// - Throws: ``KerfError/Code/unusableData`` for a timeline of another run.
    package init(_ run: SplitRun, timeline: [TimelineEntry]?, named name: String) throws(KerfError) {
        self.init(subject: SplitRun.schema)
        if let timeline {
            try append(run, timeline, named: name)
        } else {
            append(LaidOutRun(run))
        }
    }

    private mutating func append(_ run: SplitRun, _ timeline: [TimelineEntry], named name: String) throws(KerfError) {
        let turns = Dictionary(run.turns.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        if let stranger = timeline.first(where: { turns[$0.turn] == nil }) {
            throw KerfError(
                .unusableData, at: name, "turn \(stranger.turn) is not in the run: this is the timeline of another one",
                remedy: "give the timeline that was written beside the run")
        }
        let known = Set(timeline.map(\.turn))
        leaveOut(
            run.turns.count { !known.contains($0.number) }, "turns",
            because: "the timeline has those of the run's last process")
        let sides = TimelineSlices(timeline)
        append(sides, side: .device, run, turns)
        append(sides, side: .server, run, turns)
        var link = Group("link of \(run.title)")
        for (direction, text) in [(LinkDirection.up, "device to server"), (.down, "server to device")] {
            append(
                sides.transfers(direction), to: &link, named: "\(direction.rawValue): \(text)",
                "Each tensor from when its sender began to when its receiver had all of it, on the device's clock.")
        }
        append(link)
    }

    private mutating func append(
        _ slices: TimelineSlices, side: TimelineSlices.Side, _ run: SplitRun, _ turns: [Int: SplitRun.TurnRecord]
    ) {
        let meter = side == .device ? run.deviceMeter : run.serverMeter
        var group = Group("\(side.rawValue) of \(run.title)\(run.clockText(side))")
        let onClock = side == .device ? "" : " The server's times are moved by the estimated difference of the clocks."
        append(
            slices.turns(side) { number in turns[number].map { $0.annotations(side) } ?? [] }, to: &group,
            named: "turns", "From the first to the last that the side did in a turn.\(onClock)")
        append(
            slices.steps(side), to: &group, named: "steps",
            "From the first to the last that the side did in a step.\(onClock)")
        append(
            slices.activities(side, origin: meter?.origin), to: &group, named: "activity",
            "Computing, sending, or waiting for the other side or the link.\(onClock)")
        group.append(
            slices.watts(side), unit: "W", named: "power",
            "The meter's total, \((meter?.origin ?? .unavailable).rawValue): means over at least "
                + "\(NumberText.si(TimelineSlices.meanSeconds, "s")), drawn until the next begins.")
        if side == .server {
            group.append(
                slices.turns(.server).compactMap { slice in
                    guard case .integer(let number)? = slice.annotations.first?.value,
                        let hertz = turns[number]?.serverHertz
                    else { return nil }
                    return Counter.Value(time: slice.start, value: hertz)
                }, unit: "Hz", named: "set frequency", "As the device's decision set it for the turn.")
        }
        append(group)
    }
}

extension SplitRun {
    /// `smollm2-135m, cut 4`
    var title: String { PlainText.name(model) + (cut.map { ", cut \($0)" } ?? "") }

    /// How well the server's clock is known.
    fileprivate func clockText(_ side: TimelineSlices.Side) -> String {
        guard side == .server, let error = turns.compactMap({ $0.costs?.clockErrorSeconds }).max(), error.isFinite
        else { return "" }
        return ", on the device's clock ± \(NumberText.si(error, "s"))"
    }
}

extension SplitRun.TurnRecord {
    /// The first is the turn's number.
    func annotations(_ side: TimelineSlices.Side) -> [Trace.Annotation] {
        var annotations = [cut.annotation("cut"), (firstStep &+ 1).annotation("first_step")]
        guard let costs else { return annotations }
        let own = side == .device ? costs.device : costs.server
        let numbers = [
            ("clock_error_seconds", costs.clockErrorSeconds), ("delay_seconds", costs.delaySeconds),
            ("overhead_seconds", costs.overheadSeconds),
        ]
        annotations += numbers.map { Trace.Annotation($0.0, .number($0.1)) }
        if let joules = own.computingJoules {
            annotations.append(Trace.Annotation("computing_joules", .number(joules)))
        }
        for (name, text) in [("disturbance", own.disturbance), ("meter_failure", own.meterFailure)] {
            if let text { annotations.append(Trace.Annotation(name, .text(PlainText.shown(text)))) }
        }
        return annotations
    }
}
