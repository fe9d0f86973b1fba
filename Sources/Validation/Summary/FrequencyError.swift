import Quantities
import Statistics
import SystemIO

/// The error of the server's predicted time and energy at one frequency, over all cuts that were measured there.
package struct FrequencyError: Codable, Sendable, Hashable {
    package var serverHertz: Double
    package var rounds: Int
    /// (Predicted - measured) / measured, for the server's times: whether T(f) holds.
    package var timeErrorRatio: Quantity
    /// The same for its energies: whether P(f) T(f) holds.
    package var energyErrorRatio: Quantity
}

extension FrequencyError {
    /// One entry for each frequency, ascending; empty where the frequency was left as it was.
    static func all(
        _ set: RoundSet, _ prediction: Prediction, _ measured: RoundTerms, _ conditions: RoundConditions
    ) throws(KerfError) -> [FrequencyError] {
        var errors: [FrequencyError] = []
        for hertz in Set(set.points.compactMap(\.serverHertz)).sorted() {
            var (time, energy) = (RatioSample(), RatioSample())
            for (point, rounds) in zip(set.points, set.rounds) where point.serverHertz == hertz {
                let predicted = try prediction.terms(at: point)
                for round in rounds {
                    time.add(predicted.serverSeconds, round.serverSeconds)
                    energy.add(predicted.serverEnergyJoules, measured.value(.serverEnergy, of: round))
                }
            }
            guard time.count > 0 else { continue }
            errors.append(
                FrequencyError(
                    serverHertz: hertz, rounds: time.count,
                    timeErrorRatio: time.error(
                        Origin.weakest([prediction.origin(of: .server), conditions.origin(of: .server)])),
                    energyErrorRatio: energy.error(
                        Origin.weakest([prediction.origin(of: .serverEnergy), conditions.origin(of: .serverEnergy)]))))
        }
        return errors
    }
}

/// Ratios of predicted to measured values, one a round.
private struct RatioSample {
    private var ratios: [Double] = []
    /// The largest relative half width of a prediction: predictions of one calibration have their errors in common.
    private var predictedHalfWidth = 0.0

    var count: Int { ratios.count }

    mutating func add(_ predicted: Estimate?, _ measured: Double?) {
        guard let predicted, let measured, measured > 0, predicted.value > 0 else { return }
        ratios.append(predicted.value / measured)
        if predicted.halfWidth.isFinite {
            predictedHalfWidth = max(predictedHalfWidth, predicted.relativeHalfWidth)
        }
    }

    func error(_ origin: Origin) -> Quantity {
        guard var mean = Estimate.mean(of: ratios) else { return .unavailable("nothing was predicted or measured") }
        mean.value -= 1
        guard predictedHalfWidth > 0 else { return Quantity(mean, origin: origin) }
        let common = Estimate(value: 0, halfWidth: predictedHalfWidth, count: .max)
        return Quantity(mean + common, origin: origin)
    }
}
