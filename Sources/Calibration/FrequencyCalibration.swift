import Quantities
import Workload

/// How time and power of one box go with its clock, fitted from a sweep over the steps that the clock can really take.
///
/// The laws hold between the lowest and the highest step. The paper's forms, time as 1/f and power as f³, stand beside
/// them as residuals, so that a reader sees what believing them would cost.
public struct FrequencyCalibration: Codable, Sendable, Hashable {
    /// The steps that were set, ascending.
    public var stepsHertz: [Double]
    /// The clock that ``PowerLaw/dynamicWatts`` belongs to: the highest step.
    public var referenceHertz: Double
    /// One entry for each layer and direction that does work.
    public var passes: [PassFrequencyLaw]
    /// Of the whole training step.
    public var stepTime: TimeLaw
    /// Of the box while the training step runs; absent without an energy meter.
    public var grossPower: PowerLaw?
    /// Gross power less that of the idle box at the same step; absent without an energy meter.
    public var netPower: PowerLaw?
    /// Largest relative residual of the whole step's time under the paper's T = b / f.
    public var inverseClockResidual: Double
    /// Largest relative residual of gross power under the paper's P = ξ f³; absent without an energy meter.
    public var cubicPowerResidual: Double?

    public init(
        stepsHertz: [Double], referenceHertz: Double, passes: [PassFrequencyLaw], stepTime: TimeLaw,
        grossPower: PowerLaw?, netPower: PowerLaw?, inverseClockResidual: Double, cubicPowerResidual: Double?
    ) {
        self.stepsHertz = stepsHertz
        self.referenceHertz = referenceHertz
        self.passes = passes
        self.stepTime = stepTime
        self.grossPower = grossPower
        self.netPower = netPower
        self.inverseClockResidual = inverseClockResidual
        self.cubicPowerResidual = cubicPowerResidual
    }
}

/// The time law of one pass through one layer.
public struct PassFrequencyLaw: Codable, Sendable, Hashable {
    public var layer: Int
    /// `forward` or `backward`.
    public var direction: Direction
    public var time: TimeLaw

    public init(layer: Int, direction: Direction, time: TimeLaw) {
        self.layer = layer
        self.direction = direction
        self.time = time
    }
}

/// T(f) = a + b / f: what memory takes, whatever the clock, and what the cores take.
public struct TimeLaw: Codable, Sendable, Hashable {
    /// a.
    public var fixedSeconds: Quantity
    /// b, in seconds times hertz.
    public var cycles: Quantity
    /// Covariance of a and b, in seconds times cycles: their errors move against each other.
    public var covariance: Double
    /// Largest |measured - law| / measured over the steps.
    public var largestResidual: Double

    public init(fixedSeconds: Quantity, cycles: Quantity, covariance: Double, largestResidual: Double) {
        self.fixedSeconds = fixedSeconds
        self.cycles = cycles
        self.covariance = covariance
        self.largestResidual = largestResidual
    }

    /// Seconds at a clock; `nil` where the law could not be fitted.
    public func seconds(atHertz hertz: Double) -> Double? {
        guard let a = fixedSeconds.value, let b = cycles.value, hertz > 0 else { return nil }
        return a + b / hertz
    }
}

/// P(f) = P0 + k (f / reference)^alpha.
public struct PowerLaw: Codable, Sendable, Hashable {
    /// P0.
    public var staticWatts: Quantity
    /// k: the power that comes on top at the reference clock.
    public var dynamicWatts: Quantity
    /// alpha.
    public var exponent: Quantity
    /// Largest |measured - law| / measured over the steps.
    public var largestResidual: Double

    public init(staticWatts: Quantity, dynamicWatts: Quantity, exponent: Quantity, largestResidual: Double) {
        self.staticWatts = staticWatts
        self.dynamicWatts = dynamicWatts
        self.exponent = exponent
        self.largestResidual = largestResidual
    }
}
