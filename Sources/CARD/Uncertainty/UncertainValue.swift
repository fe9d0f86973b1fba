import Calibration
import ProfileFormat
import Quantities
import Statistics
import Workload

/// A value of a problem that has an interval, and how to shift it by its standard error.
struct UncertainValue {
    var measurement: Measurement
    /// Share of the variance that is common to all values of the measurement.
    var commonShare: Double
    var degreesOfFreedom: Double
    /// The group whose members may be equal; `nil` for a value without one.
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

    /// Membership in a pooling group: the same pass of the blocks of one shape.
    struct PoolingGroup {
        struct Kind: Hashable {
            var measurement: Measurement
            /// The pass, and which of its values.
            var value: String
            /// Identifies a block's shape, together with the formats of its weights.
            var flops: Double
            var weightFormats: String
            /// The place of the calibration's own group; `nil` for a calibration without one.
            var group: Int?
        }

        var kind: Kind
        /// In a unit in which the members may be equal: seconds, or watts for energies.
        var value: Double
        /// In the unit of `value`.
        var standardError: Double
        /// The calibration's posterior of the group; `nil` for a calibration without one.
        var posterior: GroupPosterior?
    }
}

extension SplitProblem {
    /// All values with an interval that a level may use.
    var uncertainValues: [UncertainValue] {
        times(\.device, .deviceTimes) + times(\.server, .serverTimes)
            + energies(\.server, .serverEnergy) + (scope == .device ? energies(\.device, .deviceEnergy) : [])
            + serverPowers + timeLaws + powerLaws + rates
    }

    typealias Side = WritableKeyPath<Pairing, Calibration> & Sendable
    private typealias Pass = WritableKeyPath<LayerCalibration, DirectionCalibration> & Sendable
    private typealias Field = WritableKeyPath<DirectionCalibration, Quantity> & Sendable
    private static var passes: [(name: Direction, path: Pass)] { [(.forward, \.forward), (.backward, \.backward)] }

    /// Times of all passes. Energy is power times time, so that an error in a time is also one in its energy.
    private func times(_ side: Side, _ measurement: Measurement) -> [UncertainValue] {
        let calibration = pairing[keyPath: side]
        let groups = GroupPosteriors(calibration, .timeSeconds)
        let share = commonShare(
            whole: calibration.step.timeSeconds,
            parts: calibration.layers.flatMap { [$0.forward.timeSeconds, $0.backward.timeSeconds] })
        return calibration.layers.indices.flatMap { layer in
            Self.passes.compactMap { name, pass in
                let seconds = calibration.layers[layer][keyPath: pass].timeSeconds
                guard let value = seconds.value, value > 0, let spread = seconds.spread else {
                    return nil
                }
                return UncertainValue(
                    measurement: measurement,
                    commonShare: groups.commonShare(value, spread.standardError) ?? share,
                    degreesOfFreedom: spread.degreesOfFreedom,
                    poolingGroup: calibration.layers[layer].poolingGroup(
                        measurement, name.rawValue, value: value, standardError: spread.standardError,
                        groups[layer, name])
                ) { problem in
                    problem.pairing[keyPath: side].layers[layer][keyPath: pass]
                        .setTime(value + spread.standardError)
                }
            }
        }
    }

    /// Energies of all passes, with the part of their errors that does not come from time.
    private func energies(_ side: Side, _ measurement: Measurement) -> [UncertainValue] {
        let calibration = pairing[keyPath: side]
        let accounts: [(name: String, field: Field, whole: Quantity)] = [
            ("net", \.netEnergyJoules, calibration.step.netEnergyJoules),
            ("gross", \.grossEnergyJoules, calibration.step.grossEnergyJoules),
        ]
        return accounts.flatMap { account, field, whole in
            let groups = GroupPosteriors(calibration, account == "net" ? .netPowerWatts : .grossPowerWatts)
            let share = commonShare(
                whole: whole,
                parts: calibration.layers.flatMap { [$0.forward[keyPath: field], $0.backward[keyPath: field]] })
            return calibration.layers.indices.flatMap { layer in
                Self.passes.compactMap { name, pass -> UncertainValue? in
                    let values = calibration.layers[layer][keyPath: pass]
                    guard let joules = values[keyPath: field].value, joules > 0,
                        let spread = values[keyPath: field].spread,
                        let seconds = values.timeSeconds.value, seconds > 0
                    else { return nil }
                    let ofTime = (values.timeSeconds.spread?.standardError ?? 0) / seconds * joules
                    let rest = spread.standardError * spread.standardError - ofTime * ofTime
                    guard rest > 0 else { return nil }
                    // Members of a group have the same power; their times are separate values.
                    return UncertainValue(
                        measurement: measurement,
                        commonShare: groups.commonShare(joules, rest.squareRoot()) ?? share,
                        degreesOfFreedom: spread.degreesOfFreedom,
                        poolingGroup: calibration.layers[layer].poolingGroup(
                            measurement, "\(name.rawValue) \(account)", value: joules / seconds,
                            standardError: rest.squareRoot() / seconds, groups[layer, name])
                    ) { problem in
                        problem.pairing[keyPath: side].layers[layer][keyPath: pass][keyPath: field].value =
                            joules + rest.squareRoot()
                    }
                }
            }
        }
    }

    private typealias ServerValue = WritableKeyPath<Calibration, Quantity> & Sendable

    /// Mean powers, used where layers have no energy of their own, and the idle power.
    private var serverPowers: [UncertainValue] {
        let paths: [ServerValue] = [\.step.netPowerWatts, \.step.grossPowerWatts, \.idlePowerWatts]
        return paths.compactMap { path in
            guard let value = pairing.server[keyPath: path].value, let spread = pairing.server[keyPath: path].spread
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
            // Half widths of 95 %. Their degrees of freedom are not stored, so the normal distribution is used.
            let factor = 1 + width / 1.96
            return UncertainValue(measurement: .link, commonShare: 0, degreesOfFreedom: 1e6) { problem in
                problem.link[keyPath: path] *= factor
            }
        }
    }

    /// The share of variance that the parts of one run have in common, estimated from the whole's interval.
    ///
    /// Independent parts give the whole the variance Σ s², fully correlated ones (Σ s)²; the measured step lies
    /// between. All are estimates, so the share is clipped to 0...1.
    private func commonShare(whole: Quantity, parts: [Quantity]) -> Double {
        let widths = parts.compactMap(\.spread)
        guard let step = whole.spread, widths.count > 1, let count = parts.map(\.count).max(), count > 0
        else { return 0 }
        let alone = widths.reduce(0) { $0 + $1.standardError * $1.standardError }
        let sum = widths.reduce(0) { $0 + $1.standardError }
        guard sum * sum > alone else { return 0 }
        // Scaled to as many steps as the parts have samples.
        let variance = step.standardError * step.standardError * Double(whole.count) / Double(count)
        return min(max((variance - alone) / (sum * sum - alone), 0), 1)
    }
}

extension LayerCalibration {
    /// `nil` for embedding and head, of which there is one each.
    fileprivate func poolingGroup(
        _ measurement: Measurement, _ name: String, value: Double, standardError: Double, _ posterior: GroupPosterior?
    ) -> UncertainValue.PoolingGroup? {
        guard description.kind == .block else { return nil }
        return UncertainValue.PoolingGroup(
            kind: .init(
                measurement: measurement, value: name, flops: description.forwardFlops,
                weightFormats: description.weightFormatText, group: posterior?.group),
            value: value, standardError: standardError, posterior: posterior)
    }
}

extension DirectionCalibration {
    /// Sets the time and scales the energies in proportion, since they are power times time.
    mutating func setTime(_ seconds: Double) {
        guard let old = timeSeconds.value, old > 0 else { return }
        timeSeconds.value = seconds
        if let joules = netEnergyJoules.value { netEnergyJoules.value = joules * seconds / old }
        if let joules = grossEnergyJoules.value { grossEnergyJoules.value = joules * seconds / old }
    }
}
