import SystemIO

/// Integrates samples of power to energy by the trapezoidal rule.
struct PowerIntegrator: Sendable {
    /// Energy of each domain since the first sample; `nil` once one of its samples was missing.
    private(set) var joules: [Double?]
    private(set) var samples = 0
    private(set) var longestGapSeconds = 0.0
    private(set) var seconds = 0.0
    /// The latest times between changes of the watched domain's power.
    private(set) var refreshes: [Double] = []
    private let watched: Int
    private var last: (instant: MonotonicInstant, watts: [Double?])?
    private var lastChange: MonotonicInstant?
    /// When a counted domain's power last differed from the sample before, or the first sample was taken.
    private(set) var freshInstant: MonotonicInstant?
    /// Whether a counted domain's power ever changed.
    private(set) var hasChanged = false
    private let counted: [Int]

    private static let maximumRefreshes = 101

    /// - Parameters:
    ///   - watched: the domain whose changes give the sensor's update interval.
    ///   - counted: the domains of the total, whose changes show that the sensor is alive; `nil` for the watched one.
    init(domains: Int, watched: Int, counted: [Int]? = nil) {
        joules = Array(repeating: 0, count: domains)
        self.watched = watched
        self.counted = counted ?? [watched]
    }

    /// Adds a sample; one that is not later than the last is ignored.
    mutating func add(_ watts: [Double?], at instant: MonotonicInstant) {
        guard let last else {
            self.last = (instant, watts)
            freshInstant = instant
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
            if refreshes.count > Self.maximumRefreshes { refreshes.removeFirst() }
            lastChange = instant
        }
        if counted.contains(where: { watts[$0] != last.watts[$0] }) {
            freshInstant = instant
            hasChanged = true
        }
        samples += 1
        seconds += elapsed
        longestGapSeconds = max(longestGapSeconds, elapsed)
        self.last = (instant, watts)
    }

    /// Median time between two changes; `nil` before the third change.
    var refreshSeconds: Double? { refreshes.count < 2 ? nil : refreshes.sorted()[refreshes.count / 2] }

    /// The energies as counter values; `nil` for a negative energy.
    var microjoules: [UInt64?] { joules.map { $0.flatMap { $0 >= 0 && $0 < 1e12 ? UInt64($0 * 1e6) : nil } } }
}
