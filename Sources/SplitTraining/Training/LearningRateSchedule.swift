import Glibc

/// How the learning rate changes over the optimizer's steps.
package enum LearningRateSchedule: String, Sendable, Hashable, CaseIterable, Codable {
    case constant
    /// Falls in a straight line to 0 at the last step.
    case linear
    /// Falls along half a cosine to 0 at the last step.
    case cosine

    /// The factor of the base learning rate.
    ///
    /// In the first `warmup` steps the factor rises in a straight line. These are the formulas of transformers'
    /// `get_constant_schedule_with_warmup`, `get_linear_schedule_with_warmup` and `get_cosine_schedule_with_warmup`.
    ///
    /// - Parameters:
    ///   - step: from 0.
    ///   - total: number of steps after which the factor is 0; not used by ``constant``.
    package func factor(step: Int, warmup: Int, total: Int) -> Double {
        if step < warmup { return Double(step) / Double(max(1, warmup)) }
        let progress = Double(step - warmup) / Double(max(1, total - warmup))
        switch self {
        case .constant: return 1
        case .linear: return max(0, 1 - progress)
        case .cosine: return progress >= 1 ? 0 : 0.5 * (1 + cos(.pi * progress))
        }
    }
}
