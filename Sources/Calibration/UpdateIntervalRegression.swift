import ProfileFormat
import Statistics

/// Powers of the passes from one energy counter that was sampled between the layers of steps, by linear regression.
///
/// A sample shows the counter as of its last update, up to an update interval earlier. So time is divided at the
/// updates, each placed in the middle of its possible range. The energy between two updates is the sum over the passes
/// of power times the pass's time between them, and the powers are the non-negative least-squares solution. Because the
/// times of the updates are inexact, least squares makes powers too small, by some per cent where the intervals are
/// hardly longer than an update interval (errors in the variables: Fuller, "Measurement Error Models", section 1.1).
/// Over whole steps these errors average out, so the powers are scaled to the energy of all steps together.
///
/// A pass shorter than an update interval lies within one interval and would absorb its neighbors' residuals. It shares
/// one power with them.
struct UpdateIntervalRegression {
    private var squares: NonNegativeLeastSquares
    /// The power of each pass, as a place among ``powers(from:)``.
    private let places: [Int]
    /// Time of each power, and energy, summed over all steps.
    private var seconds: [Double]
    private var joules = 0.0

    /// - Parameter places: for each pass in the order of a step, the place of its power among ``powers(from:)``.
    init(places: [Int]) {
        let count = (places.max() ?? -1) + 1
        self.places = places
        squares = NonNegativeLeastSquares(count: count)
        seconds = [Double](repeating: 0, count: count)
    }

    /// Assigns one power to neighbors until their total time is an update interval.
    ///
    /// - Parameter seconds: mean time of each pass in the order of a step.
    static func places(seconds: [Double], updateSeconds: Double) -> [Int] {
        var places: [Int] = []
        var (place, together) = (0, 0.0)
        for second in seconds {
            places.append(place)
            together += second
            if together >= updateSeconds { (place, together) = (place + 1, 0) }
        }
        // A shorter rest at the end joins the group before it.
        guard together > 0, place > 0 else { return places }
        return places.map { min($0, place - 1) }
    }

    /// Adds one step.
    mutating func add(_ trace: StepTrace, domain: String, updateSeconds: Double) {
        let samples = trace.joules[domain] ?? []
        // The first sample shows energy from before the step, usually of the last pass of the step before.
        let last = trace.seconds.count - 2
        let staleSeconds = trace.staleSeconds ?? updateSeconds / 2
        if let whole = samples.last.flatMap(\.self) {
            for pass in 0...last { seconds[places[pass]] += trace.seconds[pass + 1] - trace.seconds[pass] }
            // Energy that the last sample does not show yet is of the last pass, too.
            seconds[places[last]] += staleSeconds - updateSeconds / 2
            joules += whole
        }
        var previous = (seconds: -staleSeconds, joules: 0.0)
        var pass = 0
        var before = (seconds: 0.0, joules: 0.0)
        for sample in samples.indices.dropFirst() {
            guard let joules = samples[sample] else { continue }
            let gap = trace.seconds[sample] - before.seconds
            let isUpdated = joules > before.joules
            before = (trace.seconds[sample], joules)
            guard isUpdated else { continue }
            let update = trace.seconds[sample] - min(gap, updateSeconds) / 2
            var row: [(unknown: Int, coefficient: Double)] = []
            if previous.seconds < 0 { row.append((places[last], min(update, 0) - previous.seconds)) }
            while pass < last, trace.seconds[pass + 1] <= previous.seconds { pass += 1 }
            var covered = pass
            while covered <= last, trace.seconds[covered] < update {
                let from = max(previous.seconds, trace.seconds[covered])
                row.append((places[covered], min(update, trace.seconds[covered + 1]) - from))
                covered += 1
            }
            squares.add(row, value: joules - previous.joules)
            previous = (update, joules)
        }
    }

    /// Powers in watts, by place.
    ///
    /// - Parameter start: an initial guess near the solution, to save iterations.
    func powers(from start: [Double]? = nil) -> [Double] {
        let powers = squares.solution(from: start)
        let explained = zip(powers, seconds).reduce(0) { $0 + $1.0 * $1.1 }
        guard explained > 0, joules > 0 else { return powers }
        return powers.map { $0 * joules / explained }
    }

    static func - (left: UpdateIntervalRegression, right: UpdateIntervalRegression) -> UpdateIntervalRegression {
        var difference = left
        difference.squares = left.squares - right.squares
        for place in left.seconds.indices { difference.seconds[place] -= right.seconds[place] }
        difference.joules -= right.joules
        return difference
    }

    static func += (sum: inout UpdateIntervalRegression, part: UpdateIntervalRegression) {
        sum.squares += part.squares
        for pass in part.seconds.indices { sum.seconds[pass] += part.seconds[pass] }
        sum.joules += part.joules
    }
}
