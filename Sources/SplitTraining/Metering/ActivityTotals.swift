import Instrumentation

/// Time and energy of computing, sending and waiting.
package struct ActivityTotals: Codable, Sendable, Hashable {
    package var computing = Share()
    package var sending = Share()
    package var waiting = Share()

    package struct Share: Codable, Sendable, Hashable {
        package var seconds = 0.0
        /// Gross; nil where an interval has none. Of a few intervals that are shorter than the meter's update interval it
        /// may be below zero.
        package var joules: Double?
    }

    package init(_ intervals: some Sequence<ActivityInterval>) {
        var joules: [Activity: Double] = [:]
        var unknown: Set<Activity> = []
        for interval in intervals {
            self[interval.activity].seconds += interval.seconds
            if let value = interval.joules {
                joules[interval.activity, default: 0] += value
            } else {
                unknown.insert(interval.activity)
            }
        }
        // Nothing costs nothing, but only where something was metered.
        for activity in Activity.allCases where !joules.isEmpty && !unknown.contains(activity) {
            self[activity].joules = joules[activity] ?? 0
        }
    }

    package subscript(activity: Activity) -> Share {
        get {
            switch activity {
            case .computing: computing
            case .sending: sending
            case .waiting: waiting
            }
        }
        set {
            switch activity {
            case .computing: computing = newValue
            case .sending: sending = newValue
            case .waiting: waiting = newValue
            }
        }
    }
}
