import Calibration
import ProfileFormat
import Quantities

/// Figures of the server's sweep over its clock.
extension SplitProblem {
    /// The share of each pass' time that does not depend on the clock; its level is the time's own figure.
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
                let shifted = min(max(share + spread.standardError, 0), 1)
                problem.pairing.server.frequencyLaws?.passes[index].time.fixedSeconds.value = shifted * whole
                problem.pairing.server.frequencyLaws?.passes[index].time.cycles.value = (1 - shifted) * whole * hertz
            }
        }
    }

    /// The power law's three figures, taken as independent, which errs on the safe side: the calibration does not keep
    /// their covariance.
    var powerLaws: [UncertainValue] {
        typealias Law = WritableKeyPath<FrequencyCalibration, PowerLaw?> & Sendable
        typealias Figure = WritableKeyPath<PowerLaw, Quantity> & Sendable
        let laws: [Law] = [\.netPower, \.grossPower]
        let figures: [Figure] = [\.staticWatts, \.dynamicWatts, \.exponent]
        return laws.flatMap { law in
            figures.compactMap { figure -> UncertainValue? in
                guard let quantity = pairing.server.frequencyLaws?[keyPath: law]?[keyPath: figure],
                    let value = quantity.value, let spread = Spread(quantity)
                else { return nil }
                return UncertainValue(
                    measurement: .serverSweep, commonShare: 0, degreesOfFreedom: spread.degreesOfFreedom
                ) { problem in
                    problem.pairing.server.frequencyLaws?[keyPath: law]?[keyPath: figure].value =
                        value + spread.standardError
                }
            }
        }
    }
}

extension TimeLaw {
    /// Of a / (a + b / f), by the delta method with the covariance of a and b.
    func fixedShareSpread(atHertz hertz: Double) -> Spread? {
        guard let a = fixedSeconds.value, let b = cycles.value, let ofA = Spread(fixedSeconds),
            let ofB = Spread(cycles), hertz > 0
        else { return nil }
        let whole = a + b / hertz
        guard whole > 0 else { return nil }
        let (byA, byB) = (b / hertz / (whole * whole), -a / hertz / (whole * whole))
        let variance =
            byA * byA * ofA.standardError * ofA.standardError + byB * byB * ofB.standardError * ofB.standardError
            + 2 * byA * byB * covariance
        guard variance > 0 else { return nil }
        return Spread(
            standardError: variance.squareRoot(), degreesOfFreedom: min(ofA.degreesOfFreedom, ofB.degreesOfFreedom))
    }
}
