/// What a stretch of work cost, and what was seen of the counters around it.
struct Cost {
    /// Of the work itself.
    var seconds = 0.0
    var cpuSeconds = 0.0
    /// Between the counters' readings, which the joules belong to.
    var meteredSeconds = 0.0
    /// By domain identifier; empty without a meter.
    var joules: [String: Double] = [:]
    /// How far the moments of the updates at both ends may be off, summed.
    var edgeSeconds = 0.0
    /// Polling after the window, up to one more update.
    var pollingSeconds = 0.0
    var pollingJoules: [String: Double] = [:]
    /// Why `joules` says nothing.
    var fault: Fault?

    enum Fault: String {
        case ambiguous = "the counter may have wrapped more than once"
        case notUpdated = "the counter was not updated in time"
    }

    static func += (sum: inout Cost, part: Cost) {
        sum.seconds += part.seconds
        sum.cpuSeconds += part.cpuSeconds
        sum.meteredSeconds += part.meteredSeconds
        sum.joules.merge(part.joules, uniquingKeysWith: +)
        sum.edgeSeconds += part.edgeSeconds
        sum.pollingSeconds += part.pollingSeconds
        sum.pollingJoules.merge(part.pollingJoules, uniquingKeysWith: +)
        sum.fault = sum.fault ?? part.fault
    }
}
