import SystemIO

/// The times of one step or of repeated work, from its marks.
struct MarkedTimes: Sendable, Hashable {
    var began: MonotonicInstant
    var ended: MonotonicInstant
    /// Seconds of each pass, by its place; zeros in a step without marks.
    var passes: [Double]
    /// Marks within.
    var markCount: Int

    var seconds: Double { ended.seconds(since: began) }

    /// Divides marks into steps.
    ///
    /// - Parameters:
    ///   - marks: in the order in which they were written.
    ///   - passCount: places that a mark may name.
    ///   - first: no mark is before it; nor after `last`.
    /// - Returns: what is wrong with the marks, where something is.
    static func steps(
        of marks: [Mark], passCount: Int, from first: MonotonicInstant, to last: MonotonicInstant
    ) -> Result<[MarkedTimes], Fault> {
        var steps: [MarkedTimes] = []
        var open: (times: MarkedTimes, pass: Int?)?
        var latest = first
        for mark in marks {
            guard let nanoseconds = Int64(exactly: mark.nanoseconds) else { return .failure(.outside) }
            let instant = MonotonicInstant(nanoseconds: nanoseconds)
            guard first <= instant, instant <= last else { return .failure(.outside) }
            guard latest <= instant else { return .failure(.unordered) }
            guard mark.step == UInt32(clamping: steps.count) else { return .failure(.unpaired) }
            let elapsed = instant.seconds(since: latest)
            latest = instant
            switch mark.what {
            case Mark.stepBegins:
                guard open == nil else { return .failure(.unpaired) }
                let zeros = [Double](repeating: 0, count: passCount)
                open = (MarkedTimes(began: instant, ended: instant, passes: zeros, markCount: 1), nil)
            case let what:
                guard let (before, pass) = open else { return .failure(.unpaired) }
                open = nil
                var times = before
                if let pass { times.passes[pass] += elapsed }
                times.markCount += 1
                times.ended = instant
                if what == Mark.stepEnds {
                    steps.append(times)
                } else {
                    guard what < passCount else { return .failure(.unknownPass) }
                    // What precedes the first border belongs to the pass that begins there.
                    if pass == nil { times.passes[Int(what)] += elapsed }
                    open = (times, Int(what))
                }
            }
        }
        return open == nil ? .success(steps) : .failure(.unpaired)
    }

    enum Fault: String, Error {
        case outside = "a mark whose time is not within the command; the clock must be CLOCK_MONOTONIC"
        case unordered = "marks that are not in the order of their times"
        case unpaired = "marks that do not begin and end each step once"
        case unknownPass = "a mark of a pass that is not in its list"
    }
}
