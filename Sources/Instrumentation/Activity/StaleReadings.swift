import SystemIO

extension [ActivityInterval] {
    /// The intervals with the energy of each that was read with the next one.
    ///
    /// A reading shows the counter as it was at its last update, which may be any time up to `updateSeconds` ago. What is
    /// drawn since then, in the mean over all such times, is added to the energy up to the reading; the sum changes at the
    /// ends only. Each activity has one power in all its intervals, which is found together with the correction. Before the
    /// first interval the process waits.
    ///
    /// The energy of an interval that is shorter than `updateSeconds` is right in the mean of many only, and may be below
    /// zero.
    ///
    /// - Parameter updateSeconds: time between two updates of the counter.
    package func correctingStaleness(updateSeconds: Double) -> [ActivityInterval] {
        guard updateSeconds > 0, !isEmpty else { return self }
        let unread = (0...count).map { unreadSeconds(before: $0, updateSeconds) }
        let watts = powers(unread)
        let joules = unread.map { $0.joules(watts) }
        return indices.map { place in
            var corrected = self[place]
            corrected.joules = corrected.joules.map { $0 + joules[place + 1] - joules[place] }
            return corrected
        }
    }

    /// Power of each activity in watts, in the order of its cases, such that every corrected sum is power times time.
    private func powers(_ unread: [Weights]) -> [Double] {
        var sums = Activity.allCases.map { _ in (joules: 0.0, seconds: 0.0, moved: Weights()) }
        for (place, interval) in enumerated() {
            guard let joules = interval.joules else { continue }
            let activity = interval.activity.place
            sums[activity].joules += joules
            sums[activity].seconds += interval.seconds
            sums[activity].moved.add(unread[place + 1], less: unread[place])
        }
        var watts = sums.map { $0.seconds > 0 ? Swift.max(0, $0.joules / $0.seconds) : 0 }
        for _ in 0..<Self.repetitions {
            watts = sums.map { $0.seconds > 0 ? Swift.max(0, ($0.joules + $0.moved.joules(watts)) / $0.seconds) : 0 }
        }
        return watts
    }

    /// The equations for the powers are solved by repetition, which converges the slower the shorter the intervals are.
    private static var repetitions: Int { 200 }

    /// How long each activity was drawing energy that is not shown before an interval begins: the integral of 1 - s / u over
    /// the past s, since the last update is more than s ago with that probability.
    private func unreadSeconds(before place: Int, _ updateSeconds: Double) -> Weights {
        var weights = Weights()
        var past = 0.0
        func add(_ activity: Activity, _ seconds: Double) {
            let end = Swift.min(past + seconds, updateSeconds)
            weights.seconds[activity.place] += (end - past) * (1 - (past + end) / (2 * updateSeconds))
            past = end
        }
        for interval in self[..<place].reversed() {
            add(interval.activity, interval.seconds)
            if past >= updateSeconds { break }
        }
        add(.waiting, updateSeconds - past)
        return weights
    }
}

/// Seconds of each activity, in the order of its cases.
private struct Weights {
    var seconds = Activity.allCases.map { _ in 0.0 }

    mutating func add(_ one: Weights, less other: Weights) {
        for place in seconds.indices { seconds[place] += one.seconds[place] - other.seconds[place] }
    }

    func joules(_ watts: [Double]) -> Double { zip(seconds, watts).reduce(0) { $0 + $1.0 * $1.1 } }
}

extension Activity {
    fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
