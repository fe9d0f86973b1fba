import ProfileFormat
import Statistics

/// What one counter of energy showed between the layers of steps, as equations for the powers of the passes.
///
/// A look shows what the counter had at its last update, which came up to an update interval earlier. So the time line is
/// cut at the updates, each placed in the middle of where it may have been; the energy between two updates is the sum over
/// the passes of power times the pass's time between them; and the powers, none negative, are those that fit all stretches
/// best. Where updates are not known to the moment, least squares makes powers too small, by some per cent where stretches
/// are hardly longer than an update interval (errors in the variables: Fuller, "Measurement Error Models", section 1.1).
/// Over whole steps such errors average out, so that the powers are brought to the energy of all steps together.
///
/// A pass shorter than an update interval lies within one stretch, and would take upon itself whatever error its
/// neighbours leave: it shares a power with them.
struct UpdateIntervalRegression {
    private var squares: NonNegativeLeastSquares
    /// Which power each pass has.
    private let places: [Int]
    /// Of all steps together: time of each power, and energy.
    private var seconds: [Double]
    private var joules = 0.0

    /// - Parameter places: of each pass in the order of a step, the place of its power among ``powers(from:)``.
    init(places: [Int]) {
        let count = (places.max() ?? -1) + 1
        self.places = places
        squares = NonNegativeLeastSquares(count: count)
        seconds = [Double](repeating: 0, count: count)
    }

    /// Gives neighbours one power until their time together is an update interval.
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
        // What is left over at the end goes with the pass before.
        guard together > 0, place > 0 else { return places }
        return places.map { min($0, place - 1) }
    }

    /// Adds one step.
    mutating func add(_ trace: StepTrace, domain: String, updateSeconds: Double) {
        let shown = trace.joules[domain] ?? []
        // What the first look shows is of before the step. There the last pass of the step before ran, as a rule.
        let last = trace.seconds.count - 2
        let staleSeconds = trace.staleSeconds ?? updateSeconds / 2
        if let whole = shown.last.flatMap(\.self) {
            for pass in 0...last { seconds[places[pass]] += trace.seconds[pass + 1] - trace.seconds[pass] }
            // What the last look does not show yet is of the last pass as well.
            seconds[places[last]] += staleSeconds - updateSeconds / 2
            joules += whole
        }
        var previous = (seconds: -staleSeconds, joules: 0.0)
        var pass = 0
        var before = (seconds: 0.0, joules: 0.0)
        for look in shown.indices.dropFirst() {
            guard let joules = shown[look] else { continue }
            let gap = trace.seconds[look] - before.seconds
            let isUpdated = joules > before.joules
            before = (trace.seconds[look], joules)
            guard isUpdated else { continue }
            let update = trace.seconds[look] - min(gap, updateSeconds) / 2
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

    /// Watts, by place.
    ///
    /// - Parameter start: a guess near the answer saves time.
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
