import ProfileFormat
import Quantities
import Workload

/// Progress of a run.
package struct Progress: Sendable, Hashable {
    package var elapsedSeconds: Double
    /// Upper limit of the remaining time. The run ends earlier when every interval is narrow enough.
    package var remainingSeconds: Double
    /// The current activity: `starting` a program, `roofline`, `warm-up`, `idle`, `measuring`.
    package var activity: String
    /// Whole steps kept so far, with and without instruments.
    package var steps: Int
    package var energyWindows: Int
    /// The widest intervals of passes that matter, at most ``maximumIntervals``, the widest first. A value without an
    /// interval is not among them.
    package var intervals: [PassPrecision]
    /// What disturbed the run until now; `nil` before the first step.
    package var disturbances: Disturbances?
    /// The energy meter; `nil` before it is chosen.
    package var meter: MeterState?

    package static let maximumIntervals = 3

    package init(
        elapsedSeconds: Double, remainingSeconds: Double, activity: String, steps: Int = 0, energyWindows: Int = 0,
        intervals: [PassPrecision] = [], disturbances: Disturbances? = nil, meter: MeterState? = nil
    ) {
        self.elapsedSeconds = elapsedSeconds
        self.remainingSeconds = remainingSeconds
        self.activity = activity
        self.steps = steps
        self.energyWindows = energyWindows
        self.intervals = intervals
        self.disturbances = disturbances
        self.meter = meter
    }

    package var fraction: Double {
        let total = elapsedSeconds + remainingSeconds
        return total > 0 ? min(1, elapsedSeconds / total) : 0
    }
}

/// How well one value of a pass is known.
package struct PassPrecision: Sendable, Hashable, Codable {
    package enum Value: String, Sendable, Hashable, Codable {
        case time, power
    }

    package var value: Value
    /// 0 is the embedding, 1...L the blocks, L + 1 the head.
    package var layer: Int
    package var direction: Direction
    /// Half width of the 95 % interval over the value.
    package var relativeHalfWidth: Double

    package init(_ value: Value, of pass: LayerPass, relativeHalfWidth: Double) {
        self.value = value
        (layer, direction) = (pass.layer, pass.direction)
        self.relativeHalfWidth = relativeHalfWidth
    }

    package var pass: LayerPass { LayerPass(layer: layer, direction: direction) }
}

/// The energy meter during a run.
package struct MeterState: Sendable, Hashable, Codable {
    package enum State: String, Sendable, Hashable, Codable {
        case reading
        /// It failed or ended during the run, and reports nothing more.
        case failed
        /// There is none.
        case unavailable
    }

    package var state: State
    /// `nil` without a meter.
    package var name: String?
    package var origin: Origin
    /// Why there is none, or why it failed; with a meter that reads, what its values stand on, where that is to be said.
    package var reason: String?

    /// - Parameter failure: why the meter failed; `nil` for one that did not.
    package init(_ meter: MeterDescription, failure: String? = nil) {
        name = meter.name
        origin = meter.origin
        if meter.origin == .unavailable {
            (state, reason) = (.unavailable, meter.reason)
        } else if let failure {
            (state, reason) = (.failed, failure)
        } else {
            (state, reason) = (.reading, meter.reason)
        }
    }
}
