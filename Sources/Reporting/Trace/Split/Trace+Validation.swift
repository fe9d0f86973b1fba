import Quantities
import SystemIO
import Validation

extension Trace {
    /// The rounds of a validation in their order, laid end to end: the file has their lengths and parts.
    package init(_ validation: ValidationReport) {
        self.init(subject: ValidationReport.schema)
        var (endToEnd, rounds, parts) = (EndToEnd(), [Slice](), [MeasuredPart: [Slice]]())
        for round in validation.rounds.sorted(by: { ($0.order, $0.repetition) < ($1.order, $1.repetition) }) {
            guard let duration = TraceLayout.nanoseconds(round.delaySeconds), let start = endToEnd.next(duration) else {
                leaveOut(1, "rounds", because: "their length is not possible, or the trace would be too long")
                continue
            }
            rounds.append(
                Slice(
                    name: "cut \(round.cut)", category: .round, start: start, duration: duration,
                    annotations: round.annotations(validation.origin)))
            for (part, slice) in round.parts(in: start..<start + duration) { parts[part, default: []].append(slice) }
        }
        let title = PlainText.name(validation.prediction.modelName)
        let text = "Measured lengths, in the order of measuring. When the rounds were is not in the file."
        let partText =
            " The parts of a round follow each other from its start, as far as they do not overlap; else each begins with it."
        for (place, side) in MeasuredPart.Side.allCases.enumerated() {
            var group = Group("\(side.rawValue) of the validation of \(title): rounds laid end to end")
            if place == 0 { append(rounds, to: &group, named: "rounds", text, placement: .laidOut) }
            for part in MeasuredPart.allCases where part.side == side {
                append(parts[part] ?? [], to: &group, named: part.rawValue, text + partText, placement: .laidOut)
            }
            append(group)
        }
    }
}

/// A part of a round, in CARD's order.
private enum MeasuredPart: String, CaseIterable {
    case adapters, device, uplink, server, downlink

    enum Side: String, CaseIterable {
        case device, server, link
    }

    var side: Side {
        switch self {
        case .device: .device
        case .server: .server
        case .adapters, .uplink, .downlink: .link
        }
    }
}

extension MeasuredRound {
    /// - Returns: none for a part that is longer than the round.
    fileprivate func parts(in round: Range<Int64>) -> [(MeasuredPart, Trace.Slice)] {
        let seconds = MeasuredPart.allCases.map { part in
            switch part {
            case .adapters: adapterSeconds
            case .device: deviceSeconds
            case .uplink: uplinkSeconds
            case .server: serverSeconds
            case .downlink: downlinkSeconds
            }
        }
        var lengths = seconds.map { TraceLayout.nanoseconds($0) ?? 0 }
        let areApart = TraceLayout.fit(&lengths, into: round.upperBound - round.lowerBound)
        let starts = areApart ? TraceLayout.starts(of: lengths, in: round) : lengths.map { _ in round.lowerBound }
        return MeasuredPart.allCases.indices.compactMap { place in
            let part = MeasuredPart.allCases[place]
            guard lengths[place] > 0, starts[place] + lengths[place] <= round.upperBound else { return nil }
            var slice = Trace.Slice(
                name: part.rawValue, category: .part, start: starts[place], duration: lengths[place])
            let joules = part == .device ? deviceJoules : part == .server ? serverJoules : nil
            slice.annotations = joules.map { [Trace.Annotation("joules", .number($0))] } ?? []
            return (part, slice)
        }
    }

    fileprivate func annotations(_ origin: Origin) -> [Trace.Annotation] {
        var annotations = [
            Trace.Annotation("origin", .text(origin.rawValue)), order.annotation("order"),
            repetition.annotation("repetition"), steps.annotation("steps"),
            Trace.Annotation("overhead_seconds", .number(overheadSeconds)),
        ]
        if let serverHertz { annotations.append(Trace.Annotation("server_hertz", .number(serverHertz))) }
        if let rejection { annotations.append(Trace.Annotation("rejected", .text(PlainText.shown(rejection)))) }
        return annotations
    }
}
