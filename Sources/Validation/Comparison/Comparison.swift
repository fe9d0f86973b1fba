import Quantities
import Statistics

/// A predicted and a measured value of one term, in the unit that the field's name states.
package struct Comparison: Codable, Sendable, Hashable {
    package var predicted: Quantity
    /// The mean of the rounds with Student's t interval; without interval for one round.
    package var measured: Quantity
    /// (Predicted - measured) / measured: above zero where the prediction is too high. Its interval is from both; from the
    /// measurement alone where the prediction has none.
    package var errorRatio: Quantity
    /// (Predicted - measured) / measured delay; those of a delay's parts add up to the delay's error. `nil` for energies.
    package var shareOfDelay: Double?
    /// Whether the predicted interval holds the measured mean; `nil` where either is missing.
    package var withinPredicted: Bool?
    /// Whether the error's interval holds zero, so that prediction and measurement agree within the uncertainty of both;
    /// `nil` where one of them has no interval.
    package var agrees: Bool?
}

extension Comparison {
    /// - Parameters:
    ///   - predicted: `nil` where nothing is predicted, with the reason.
    ///   - measured: `nil` where nothing was measured, with the reason.
    init(
        predicted: Estimate?, _ predictedOrigin: Origin, absent predictedReason: String, measured: Estimate?,
        _ measuredOrigin: Origin, absent measuredReason: String, delay: Double?
    ) {
        self.predicted =
            predicted.map { estimate in
                var estimate = estimate
                // An empty sum has no observation behind it.
                if estimate.count == .max { estimate.count = 0 }
                return Quantity(
                    estimate, origin: predictedOrigin,
                    reason: estimate.halfWidth.isFinite ? nil : "a value of the model, without an interval")
            } ?? .unavailable(predictedReason)
        self.measured =
            measured.map {
                Quantity($0, origin: measuredOrigin, reason: $0.count == 1 ? "one round has no interval" : nil)
            } ?? .unavailable(measuredReason)
        guard let predicted, let measured else {
            errorRatio = .unavailable(predicted == nil ? predictedReason : measuredReason)
            return
        }
        shareOfDelay = delay.map { (predicted.value - measured.value) / $0 }
        if predicted.halfWidth.isFinite {
            // Sums of rounding errors may leave an exact zero just outside an interval of no width.
            let slack = 1e-12 * abs(predicted.value)
            withinPredicted = abs(measured.value - predicted.value) <= predicted.halfWidth + slack
        }
        guard predicted.value != 0, measured.value != 0 else {
            errorRatio = .unavailable(measured.value == 0 ? "zero was measured" : "zero is predicted")
            return
        }
        let exact = Estimate(value: predicted.value, halfWidth: 0, count: .max)
        let error = (predicted.halfWidth.isFinite ? predicted : exact).relativeDifference(to: measured)
        errorRatio = Quantity(
            error, origin: Origin.weakest([predictedOrigin, measuredOrigin]),
            reason: !error.halfWidth.isFinite
                ? "one round has no interval"
                : predicted.halfWidth.isFinite ? nil : "the interval is from the measurement alone")
        if predicted.halfWidth.isFinite, error.halfWidth.isFinite {
            agrees = error.lower <= 0 && error.upper >= 0
        }
    }
}
