/// Whole nanoseconds for times in seconds, and places for slices that have none.
enum TraceLayout {
    /// Longer times are no times of a run.
    static let maximumSeconds = 1e8

    /// Rounded to the nearest nanosecond, which is exact for differences of clock readings; `nil` where it is no possible
    /// time.
    static func nanoseconds(_ seconds: Double) -> Int64? {
        (0..<maximumSeconds).contains(seconds) ? Int64((seconds * 1e9).rounded()) : nil
    }

    /// 31 years of nanoseconds, an end for traces. Sums stay far from where they would overflow.
    static let limit: Int64 = 1_000_000_000_000_000_000

    /// The sum of lengths of at most ``maximumSeconds`` each, and at most ``limit``.
    static func sum(_ parts: [Int64]) -> Int64 { parts.reduce(0) { min(limit, $0 + $1) } }

    /// Makes rounded lengths of parts fit the rounded length of the whole: the longest part gives what is too much.
    ///
    /// - Parameter given: what the whole has given itself, so that it fits the whole around it.
    /// - Returns: false where the excess is more than rounding makes, and nothing is changed.
    static func fit(_ parts: inout [Int64], into whole: Int64, given: Int64 = 0) -> Bool {
        let sum = sum(parts)
        let excess = sum - whole
        guard sum < limit else { return false }
        guard excess > 0 else { return true }
        // Each number is rounded by half a nanosecond at most.
        guard excess <= Int64(parts.count / 2 + 1) + given,
            let longest = parts.indices.max(by: { parts[$0] < parts[$1] }), parts[longest] >= excess
        else { return false }
        parts[longest] -= excess
        return true
    }

    /// Starts of parts that follow each other within a whole, of which they fit the length.
    ///
    /// - Parameters:
    ///   - parts: as ``fit(_:into:)`` leaves them.
    ///   - wanted: where each should start; right after the one before where that is not possible, and without it.
    static func starts(of parts: [Int64], wanted: [Int64]? = nil, in whole: Range<Int64>) -> [Int64] {
        var position = whole.lowerBound
        var rest = sum(parts)
        return parts.indices.map { place in
            let latest = whole.upperBound - rest
            let start = max(position, min(wanted?[place] ?? position, latest))
            position = start + parts[place]
            rest -= parts[place]
            return start
        }
    }

    /// More tracks than these for slices of one kind cannot be looked at.
    static let maximumLanes = 32

    /// Slices on as few tracks as need be for none to overlap: one for what Kerf measures, since it does one thing at a time.
    ///
    /// - Returns: the tracks' slices, and how many had no place on any.
    static func lanes(_ slices: [Trace.Slice]) -> (lanes: [[Trace.Slice]], rest: Int) {
        var lanes: [[Trace.Slice]] = []
        var rest = 0
        let ascending = slices.enumerated().sorted {
            ($0.element.start, $1.element.duration, $0.offset) < ($1.element.start, $0.element.duration, $1.offset)
        }
        for (_, slice) in ascending {
            if let free = lanes.firstIndex(where: { ($0.last?.end ?? 0) <= slice.start }) {
                lanes[free].append(slice)
            } else if lanes.count < maximumLanes {
                lanes.append([slice])
            } else {
                rest += 1
            }
        }
        return (lanes, rest)
    }
}

/// Lays slices without a time end to end.
struct EndToEnd {
    /// Where the next one starts, in nanoseconds.
    private(set) var position: Int64

    init(from position: Int64 = 0) { self.position = position }

    /// - Returns: the start of a slice of this length; `nil` where the trace is full.
    mutating func next(_ duration: Int64) -> Int64? {
        guard position < TraceLayout.limit, duration < TraceLayout.limit else { return nil }
        defer { position += duration }
        return position
    }
}

extension Trace {
    /// Adds tracks of slices to a group: more than one where some overlap, none without slices.
    mutating func append(
        _ slices: [Slice], to group: inout Group, named name: String, _ description: String,
        placement: Placement = .placed
    ) {
        let (lanes, rest) = TraceLayout.lanes(slices)
        for (place, lane) in lanes.enumerated() {
            group.tracks.append(
                Track(
                    name: place == 0 ? name : "\(name) (\(place + 1))", description: description, placement: placement,
                    content: .slices(lane)))
        }
        leaveOut(rest, "slices of \(name)", because: "too many at the same time")
    }

    /// Adds a group that shows anything.
    mutating func append(_ group: Group) {
        if !group.tracks.isEmpty { groups.append(group) }
    }
}

extension Trace.Group {
    /// Adds a counter's track, if it has values.
    mutating func append(
        _ values: [Trace.Counter.Value], unit: String, named name: String, _ description: String,
        placement: Trace.Placement = .placed
    ) {
        guard !values.isEmpty else { return }
        tracks.append(
            Trace.Track(
                name: name, description: description, placement: placement,
                content: .counter(Trace.Counter(unit: unit, values: values))))
    }
}
