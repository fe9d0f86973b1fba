import ProfileFormat
import Quantities
import SystemIO
import Workload

/// Time and power of one box as functions of its frequency, fitted from a sweep over the steps of the hardware.
///
/// The laws hold between the lowest and the highest step. The residuals of the paper's forms, time as 1/f and power as
/// f³, are given for comparison.
public struct FrequencyCalibration: Codable, Sendable, Hashable {
    /// The steps that were set, ascending.
    public var stepsHertz: [Double]
    /// The frequency at which ``PowerLaw/dynamicWatts`` is stated: the highest step.
    public var referenceHertz: Double
    /// One entry for each layer and direction that does work.
    public var passes: [PassFrequencyLaw]
    /// Time of the whole training step.
    public var stepTime: TimeLaw
    /// Power of the box during the training step; absent without an energy meter.
    public var grossPower: PowerLaw?
    /// Gross power less the idle power at the same frequency; absent without an energy meter.
    public var netPower: PowerLaw?
    /// Largest relative residual of the whole step's time under the paper's T = b / f.
    public var inverseFrequencyResidual: Double
    /// Largest relative residual of gross power under the paper's P = ξ f³; absent without an energy meter.
    public var cubicPowerResidual: Double?

    public init(
        stepsHertz: [Double], referenceHertz: Double, passes: [PassFrequencyLaw], stepTime: TimeLaw,
        grossPower: PowerLaw?, netPower: PowerLaw?, inverseFrequencyResidual: Double, cubicPowerResidual: Double?
    ) {
        self.stepsHertz = stepsHertz
        self.referenceHertz = referenceHertz
        self.passes = passes
        self.stepTime = stepTime
        self.grossPower = grossPower
        self.netPower = netPower
        self.inverseFrequencyResidual = inverseFrequencyResidual
        self.cubicPowerResidual = cubicPowerResidual
    }
}

/// The time law of one pass through one layer.
public struct PassFrequencyLaw: Codable, Sendable, Hashable {
    public var layer: Int
    public var direction: Direction
    public var time: TimeLaw

    public init(layer: Int, direction: Direction, time: TimeLaw) {
        self.layer = layer
        self.direction = direction
        self.time = time
    }
}

/// T(f) = a + b / f: time of memory accesses, independent of the frequency, and time of the cores.
public struct TimeLaw: Codable, Sendable, Hashable {
    /// a.
    public var fixedSeconds: Quantity
    /// b, in seconds times hertz.
    public var cycles: Quantity
    /// Covariance of a and b, in seconds times cycles; their errors are anticorrelated.
    public var covariance: Double
    /// Largest |measured - law| / measured over the steps.
    public var maximumResidual: Double

    public init(fixedSeconds: Quantity, cycles: Quantity, covariance: Double, maximumResidual: Double) {
        self.fixedSeconds = fixedSeconds
        self.cycles = cycles
        self.covariance = covariance
        self.maximumResidual = maximumResidual
    }

    /// Seconds at a frequency; `nil` where the law could not be fitted.
    public func seconds(atHertz hertz: Double) -> Double? {
        guard let a = fixedSeconds.value, let b = cycles.value, hertz > 0 else { return nil }
        return a + b / hertz
    }
}

/// P(f) = P0 + k (f / reference)^alpha.
public struct PowerLaw: Codable, Sendable, Hashable {
    /// P0.
    public var staticWatts: Quantity
    /// k: the frequency-dependent power at the reference frequency.
    public var dynamicWatts: Quantity
    /// alpha.
    public var exponent: Quantity
    /// Largest |measured - law| / measured over the steps.
    public var maximumResidual: Double

    public init(staticWatts: Quantity, dynamicWatts: Quantity, exponent: Quantity, maximumResidual: Double) {
        self.staticWatts = staticWatts
        self.dynamicWatts = dynamicWatts
        self.exponent = exponent
        self.maximumResidual = maximumResidual
    }
}

/// Time and power as functions of the frequency of one kind of core, while the step runs on those cores alone.
///
/// Power is that of the whole box: the other cores are idle at their own frequency.
public struct GroupFrequencyLaws: Codable, Sendable, Hashable {
    public var group: SweptGroup
    public var laws: FrequencyCalibration

    public init(group: SweptGroup, laws: FrequencyCalibration) {
        self.group = group
        self.laws = laws
    }

    /// The laws of every group that was swept, and warnings, for example where no law could be fitted.
    static func all(of profile: Profile) -> (laws: [GroupFrequencyLaws], warnings: [String]) {
        var all: [GroupFrequencyLaws] = []
        var warnings: [String] = []
        for group in profile.frequencySweep?.groups ?? [] {
            let fit = FrequencyFit(profile, group: group.name)
            if let laws = fit.laws { all.append(GroupFrequencyLaws(group: group, laws: laws)) }
            warnings += fit.warnings.map { "\(PlainText.shown(group.name)): \($0)" }
        }
        return (all, warnings)
    }
}
