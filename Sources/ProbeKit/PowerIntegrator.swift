import SystemIO

/// Energy from samples of power, by the trapezoidal rule.
struct PowerIntegrator: Sendable {
    /// Since the first sample, for each domain; `nil` once a sample of it was missing, since what it drew then is not
    /// known.
    private(set) var joules: [Double?]
    private(set) var samples = 0
    private(set) var longestGapSeconds = 0.0
    private(set) var seconds = 0.0
    /// Times between changes of the watched domain's power, the latest ones.
    private(set) var refreshes: [Double] = []
    private let watched: Int
    private var last: (instant: MonotonicInstant, watts: [Double?])?
    private var lastChange: MonotonicInstant?

    private static let mostRefreshes = 101

    /// - Parameter watched: the domain whose changes tell how often the sensor is renewed.
    init(domains: Int, watched: Int) {
        joules = Array(repeating: 0, count: domains)
        self.watched = watched
    }

    /// Takes a sample; one that is not later than the last changes nothing.
    mutating func add(_ watts: [Double?], at instant: MonotonicInstant) {
        guard let last else {
            self.last = (instant, watts)
            samples = 1
            return
        }
        let elapsed = instant.seconds(since: last.instant)
        guard elapsed > 0 else { return }
        for index in joules.indices {
            guard let sum = joules[index], let before = last.watts[index], let now = watts[index] else {
                joules[index] = nil
                continue
            }
            joules[index] = sum + (before + now) / 2 * elapsed
        }
        if watts[watched] != last.watts[watched] {
            if let lastChange { refreshes.append(instant.seconds(since: lastChange)) }
            if refreshes.count > Self.mostRefreshes { refreshes.removeFirst() }
            lastChange = instant
        }
        samples += 1
        seconds += elapsed
        longestGapSeconds = max(longestGapSeconds, elapsed)
        self.last = (instant, watts)
    }

    /// Median time between two changes; `nil` before there were three of them.
    var refreshSeconds: Double? { refreshes.count < 2 ? nil : refreshes.sorted()[refreshes.count / 2] }

    /// The energies as a counter shows them. One that has fallen below its start shows nothing.
    var microjoules: [UInt64?] { joules.map { $0.flatMap { $0 >= 0 && $0 < 1e12 ? UInt64($0 * 1e6) : nil } } }
}
