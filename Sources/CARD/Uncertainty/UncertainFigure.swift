import Calibration
import Statistics

/// One figure of a situation that is known with an interval only, and how to shift it by its standard error.
struct UncertainFigure {
    var measurement: Measurement
    /// Share of the figure's variance that all figures of its measurement have in common.
    var commonShare: Double
    var degreesOfFreedom: Double
    var shift: @Sendable (inout Situation) -> Void
}

extension Situation {
    /// All figures with an interval that a rung may use.
    var uncertainFigures: [UncertainFigure] {
        times(\.device, .deviceTimes) + times(\.server, .serverTimes)
            + energies(\.server, .serverEnergy) + (scope == .device ? energies(\.device, .deviceEnergy) : [])
            + serverPowers + timeLaws + powerLaws + rates
    }

    typealias Side = WritableKeyPath<Pairing, Calibration> & Sendable
    private typealias Pass = WritableKeyPath<LayerCalibration, DirectionCalibration> & Sendable
    private typealias Field = WritableKeyPath<DirectionCalibration, Quantity> & Sendable
    private static var passes: [Pass] { [\.forward, \.backward] }

    /// Energy is power times time, so a time that is off takes its energy with it.
    private func times(_ side: Side, _ measurement: Measurement) -> [UncertainFigure] {
        let calibration = pairing[keyPath: side]
        let share = commonShare(
            whole: calibration.step.timeSeconds,
            parts: calibration.layers.flatMap { [$0.forward.timeSeconds, $0.backward.timeSeconds] })
        return calibration.layers.indices.flatMap { layer in
            Self.passes.compactMap { pass in
                let seconds = calibration.layers[layer][keyPath: pass].timeSeconds
                guard let value = seconds.value, value > 0, let spread = Spread(seconds, trimmed: true) else {
                    return nil
                }
                return UncertainFigure(
                    measurement: measurement, commonShare: share, degreesOfFreedom: spread.degreesOfFreedom
                ) { situation in
                    situation.pairing[keyPath: side].layers[layer][keyPath: pass]
                        .setTime(value + spread.standardError)
                }
            }
        }
    }

    /// What is uncertain of an energy besides its time.
    private func energies(_ side: Side, _ measurement: Measurement) -> [UncertainFigure] {
        let calibration = pairing[keyPath: side]
        let fields: [Field] = [\.netEnergyJoules, \.grossEnergyJoules]
        let wholes = [calibration.step.netEnergyJoules, calibration.step.grossEnergyJoules]
        return zip(fields, wholes).flatMap { field, whole in
            let share = commonShare(
                whole: whole,
                parts: calibration.layers.flatMap { [$0.forward[keyPath: field], $0.backward[keyPath: field]] })
            return calibration.layers.indices.flatMap { layer in
                Self.passes.compactMap { pass -> UncertainFigure? in
                    let figures = calibration.layers[layer][keyPath: pass]
                    guard let joules = figures[keyPath: field].value, joules > 0,
                        let spread = Spread(figures[keyPath: field]),
                        let seconds = figures.timeSeconds.value, seconds > 0
                    else { return nil }
                    let ofTime = (Spread(figures.timeSeconds, trimmed: true)?.standardError ?? 0) / seconds * joules
                    let rest = spread.standardError * spread.standardError - ofTime * ofTime
                    guard rest > 0 else { return nil }
                    return UncertainFigure(
                        measurement: measurement, commonShare: share, degreesOfFreedom: spread.degreesOfFreedom
                    ) { situation in
                        situation.pairing[keyPath: side].layers[layer][keyPath: pass][keyPath: field].value =
                            joules + rest.squareRoot()
                    }
                }
            }
        }
    }

    private typealias ServerFigure = WritableKeyPath<Calibration, Quantity> & Sendable

    /// Mean powers, which stand in where layers have no energy of their own, and the idle power.
    private var serverPowers: [UncertainFigure] {
        let paths: [ServerFigure] = [\.step.netPowerWatts, \.step.grossPowerWatts, \.idlePowerWatts]
        return paths.compactMap { path in
            guard let value = pairing.server[keyPath: path].value, let spread = Spread(pairing.server[keyPath: path])
            else { return nil }
            return UncertainFigure(
                measurement: .serverEnergy, commonShare: 0, degreesOfFreedom: spread.degreesOfFreedom
            ) { $0.pairing.server[keyPath: path].value = value + spread.standardError }
        }
    }

    private var rates: [UncertainFigure] {
        let paths: [(WritableKeyPath<Link, Double> & Sendable, Double?)] = [
            (\.uplinkBitsPerSecond, link.uplinkRelativeHalfWidth),
            (\.downlinkBitsPerSecond, link.downlinkRelativeHalfWidth),
        ]
        return paths.compactMap { path, width in
            guard let width, width > 0, width < 1 else { return nil }
            // Half widths of 95 %; the count of the intervals behind is not kept, so the normal distribution.
            let factor = 1 + width / 1.96
            return UncertainFigure(measurement: .link, commonShare: 0, degreesOfFreedom: 1e6) { situation in
                situation.link[keyPath: path] *= factor
            }
        }
    }

    /// The share of variance that the parts of one run have in common, told from the whole's interval.
    ///
    /// Independent parts give the whole the variance Σ s², parts that move together (Σ s)²; the measured step lies
    /// between. All are estimated from samples, so the share is too, and is kept between 0 and 1.
    private func commonShare(whole: Quantity, parts: [Quantity]) -> Double {
        let widths = parts.compactMap { Spread($0, trimmed: true) }
        guard let step = Spread(whole, trimmed: true), widths.count > 1, let count = parts.map(\.count).max(), count > 0
        else { return 0 }
        let alone = widths.reduce(0) { $0 + $1.standardError * $1.standardError }
        let sum = widths.reduce(0) { $0 + $1.standardError }
        guard sum * sum > alone else { return 0 }
        // Of as many steps as the parts were taken from.
        let variance = step.standardError * step.standardError * Double(whole.count) / Double(count)
        return min(max((variance - alone) / (sum * sum - alone), 0), 1)
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
