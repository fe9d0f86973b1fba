import Calibration
import ProfileFormat
import Quantities
import Statistics

/// Values from the server's frequency sweep.
extension SplitProblem {
    /// The share of each pass's time that does not depend on the frequency. The time itself is another value.
    var timeLaws: [UncertainValue] {
        let server = pairing.server
        guard let laws = server.frequencyLaws, let hertz = server.frequency.runningHertz.value, hertz > 0 else {
            return []
        }
        return laws.passes.indices.compactMap { index in
            let law = laws.passes[index].time
            guard let spread = law.fixedShareSpread(atHertz: hertz), let share = law.fixedShare(atHertz: hertz),
                let whole = law.seconds(atHertz: hertz)
            else { return nil }
            return UncertainValue(
                measurement: .serverSweep, commonShare: 0, degreesOfFreedom: spread.degreesOfFreedom
            ) { problem in
                let shifted = min(share + spread.standardError, 1)
                problem.pairing.server.frequencyLaws?.passes[index].time.fixedSeconds.value = shifted * whole
                problem.pairing.server.frequencyLaws?.passes[index].time.cycles.value = (1 - shifted) * whole * hertz
            }
        }
    }

    /// The power law's three coefficients. They are taken as independent, since the calibration does not store their
    /// covariance; the resulting intervals are too wide rather than too narrow.
    var powerLaws: [UncertainValue] {
        typealias Law = WritableKeyPath<FrequencyCalibration, PowerLaw?> & Sendable
        typealias Coefficient = WritableKeyPath<PowerLaw, Quantity> & Sendable
        let laws: [Law] = [\.netPower, \.grossPower]
        let coefficients: [Coefficient] = [\.staticWatts, \.dynamicWatts, \.exponent]
        return laws.flatMap { law in
            coefficients.compactMap { coefficient -> UncertainValue? in
                guard let quantity = pairing.server.frequencyLaws?[keyPath: law]?[keyPath: coefficient],
                    let value = quantity.value, let spread = quantity.spread
                else { return nil }
                return UncertainValue(
                    measurement: .serverSweep, commonShare: 0, degreesOfFreedom: spread.degreesOfFreedom
                ) { problem in
                    problem.pairing.server.frequencyLaws?[keyPath: law]?[keyPath: coefficient].value =
                        value + spread.standardError
                }
            }
        }
    }
}

extension TimeLaw {
    /// Spread of a / (a + b / f), by the delta method with the covariance of a and b.
    func fixedShareSpread(atHertz hertz: Double) -> Estimate.Spread? {
        guard let a = fixedSeconds.value, let b = cycles.value, let ofA = fixedSeconds.spread,
            let ofB = cycles.spread, hertz > 0
        else { return nil }
        let whole = a + b / hertz
        guard whole > 0 else { return nil }
        let (byA, byB) = (b / hertz / (whole * whole), -a / hertz / (whole * whole))
        let variance =
            byA * byA * ofA.standardError * ofA.standardError + byB * byB * ofB.standardError * ofB.standardError
            + 2 * byA * byB * covariance
        guard variance > 0 else { return nil }
        return Estimate.Spread(
            standardError: variance.squareRoot(), degreesOfFreedom: min(ofA.degreesOfFreedom, ofB.degreesOfFreedom),
            confidence: ofA.confidence)
    }
}
