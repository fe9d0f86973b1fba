import Calibration
import ProfileFormat
import Quantities
import Workload

/// One figure of a situation that is known with an interval only, and how to shift it by its standard error.
struct UncertainValue {
    var measurement: Measurement
    /// Share of the figure's variance that all figures of its measurement have in common.
    var commonShare: Double
    var degreesOfFreedom: Double
    /// Where other figures may well be alike; `nil` for one that stands for itself.
    var poolingGroup: PoolingGroup?
    var shift: @Sendable (inout SplitProblem) -> Void

    init(
        measurement: Measurement, commonShare: Double, degreesOfFreedom: Double, poolingGroup: PoolingGroup? = nil,
        shift: @escaping @Sendable (inout SplitProblem) -> Void
    ) {
        self.measurement = measurement
        self.commonShare = commonShare
        self.degreesOfFreedom = degreesOfFreedom
        self.poolingGroup = poolingGroup
        self.shift = shift
    }

    /// A figure's kin: the same pass of the blocks that have the same shape.
    struct PoolingGroup {
        struct Kind: Hashable {
            var measurement: Measurement
            /// Which pass, and which of its figures.
            var figure: String
            /// What a block's shape shows in.
            var flops: Double
        }

        var kind: Kind
        /// In a unit in which kin are alike.
        var value: Double
        /// In the same unit.
        var standardError: Double
    }
}

extension SplitProblem {
    /// All figures with an interval that a level may use.
    var uncertainFigures: [UncertainValue] {
        times(\.device, .deviceTimes) + times(\.server, .serverTimes)
            + energies(\.server, .serverEnergy) + (scope == .device ? energies(\.device, .deviceEnergy) : [])
            + serverPowers + timeLaws + powerLaws + rates
    }

    typealias Side = WritableKeyPath<Pairing, Calibration> & Sendable
    private typealias Pass = WritableKeyPath<LayerCalibration, DirectionCalibration> & Sendable
    private typealias Field = WritableKeyPath<DirectionCalibration, Quantity> & Sendable
    private static var passes: [(name: Direction, path: Pass)] { [(.forward, \.forward), (.backward, \.backward)] }

    /// Energy is power times time, so a time that is off takes its energy with it.
    private func times(_ side: Side, _ measurement: Measurement) -> [UncertainValue] {
        let calibration = pairing[keyPath: side]
        let share = commonShare(
            whole: calibration.step.timeSeconds,
            parts: calibration.layers.flatMap { [$0.forward.timeSeconds, $0.backward.timeSeconds] })
        return calibration.layers.indices.flatMap { layer in
            Self.passes.compactMap { name, pass in
                let seconds = calibration.layers[layer][keyPath: pass].timeSeconds
                guard let value = seconds.value, value > 0, let spread = Spread(seconds) else {
                    return nil
                }
                return UncertainValue(
                    measurement: measurement, commonShare: share, degreesOfFreedom: spread.degreesOfFreedom,
                    poolingGroup: calibration.layers[layer].poolingGroup(
                        measurement, name.rawValue, value: value, standardError: spread.standardError)
                ) { problem in
                    problem.pairing[keyPath: side].layers[layer][keyPath: pass]
                        .setTime(value + spread.standardError)
                }
            }
        }
    }

    /// What is uncertain of an energy besides its time.
    private func energies(_ side: Side, _ measurement: Measurement) -> [UncertainValue] {
        let calibration = pairing[keyPath: side]
        let accounts: [(name: String, field: Field, whole: Quantity)] = [
            ("net", \.netEnergyJoules, calibration.step.netEnergyJoules),
            ("gross", \.grossEnergyJoules, calibration.step.grossEnergyJoules),
        ]
        return accounts.flatMap { account, field, whole in
            let share = commonShare(
                whole: whole,
                parts: calibration.layers.flatMap { [$0.forward[keyPath: field], $0.backward[keyPath: field]] })
            return calibration.layers.indices.flatMap { layer in
                Self.passes.compactMap { name, pass -> UncertainValue? in
                    let figures = calibration.layers[layer][keyPath: pass]
                    guard let joules = figures[keyPath: field].value, joules > 0,
                        let spread = Spread(figures[keyPath: field]),
                        let seconds = figures.timeSeconds.value, seconds > 0
                    else { return nil }
                    let ofTime = (Spread(figures.timeSeconds)?.standardError ?? 0) / seconds * joules
                    let rest = spread.standardError * spread.standardError - ofTime * ofTime
                    guard rest > 0 else { return nil }
                    // Kin have the same power: their times are figures of their own.
                    return UncertainValue(
                        measurement: measurement, commonShare: share, degreesOfFreedom: spread.degreesOfFreedom,
                        poolingGroup: calibration.layers[layer].poolingGroup(
                            measurement, "\(name.rawValue) \(account)", value: joules / seconds,
                            standardError: rest.squareRoot() / seconds)
                    ) { problem in
                        problem.pairing[keyPath: side].layers[layer][keyPath: pass][keyPath: field].value =
                            joules + rest.squareRoot()
                    }
                }
            }
        }
    }

    private typealias ServerFigure = WritableKeyPath<Calibration, Quantity> & Sendable

    /// Mean powers, which stand in where layers have no energy of their own, and the idle power.
    private var serverPowers: [UncertainValue] {
        let paths: [ServerFigure] = [\.step.netPowerWatts, \.step.grossPowerWatts, \.idlePowerWatts]
        return paths.compactMap { path in
            guard let value = pairing.server[keyPath: path].value, let spread = Spread(pairing.server[keyPath: path])
            else { return nil }
            return UncertainValue(
                measurement: .serverEnergy, commonShare: 0, degreesOfFreedom: spread.degreesOfFreedom
            ) { $0.pairing.server[keyPath: path].value = value + spread.standardError }
        }
    }

    private var rates: [UncertainValue] {
        let paths: [(WritableKeyPath<Link, Double> & Sendable, Double?)] = [
            (\.uplinkBitsPerSecond, link.uplinkRelativeHalfWidth),
            (\.downlinkBitsPerSecond, link.downlinkRelativeHalfWidth),
        ]
        return paths.compactMap { path, width in
            guard let width, width > 0, width < 1 else { return nil }
            // Half widths of 95 %; the count of the intervals behind is not kept, so the normal distribution.
            let factor = 1 + width / 1.96
            return UncertainValue(measurement: .link, commonShare: 0, degreesOfFreedom: 1e6) { problem in
                problem.link[keyPath: path] *= factor
            }
        }
    }

    /// The share of variance that the parts of one run have in common, told from the whole's interval.
    ///
    /// Independent parts give the whole the variance Σ s², parts that move together (Σ s)²; the measured step lies
    /// between. All are estimated from samples, so the share is too, and is kept between 0 and 1.
    private func commonShare(whole: Quantity, parts: [Quantity]) -> Double {
        let widths = parts.compactMap { Spread($0) }
        guard let step = Spread(whole), widths.count > 1, let count = parts.map(\.count).max(), count > 0
        else { return 0 }
        let alone = widths.reduce(0) { $0 + $1.standardError * $1.standardError }
        let sum = widths.reduce(0) { $0 + $1.standardError }
        guard sum * sum > alone else { return 0 }
        // Of as many steps as the parts were taken from.
        let variance = step.standardError * step.standardError * Double(whole.count) / Double(count)
        return min(max((variance - alone) / (sum * sum - alone), 0), 1)
    }
}

extension LayerCalibration {
    /// `nil` for embedding and head, which have no kin.
    fileprivate func poolingGroup(
        _ measurement: Measurement, _ figure: String, value: Double, standardError: Double
    ) -> UncertainValue.PoolingGroup? {
        guard description.kind == .block else { return nil }
        return UncertainValue.PoolingGroup(
            kind: .init(measurement: measurement, figure: figure, flops: description.forwardFlops), value: value,
            standardError: standardError)
    }
}

extension DirectionCalibration {
    /// Sets the time and takes the energies, which are power times time, with it.
    mutating func setTime(_ seconds: Double) {
        guard let old = timeSeconds.value, old > 0 else { return }
        timeSeconds.value = seconds
        if let joules = netEnergyJoules.value { netEnergyJoules.value = joules * seconds / old }
        if let joules = grossEnergyJoules.value { grossEnergyJoules.value = joules * seconds / old }
    }
}
