import ProfileFormat
import Quantities
import Workload

/// One cost of one part of the step, on the baseline and on another side.
package struct ComparedRow: Codable, Sendable, Hashable {
    /// For the reader: `whole step`, `typical block forward`, `block 7 backward`.
    package var name: String
    package var part: ComparedPart
    package var value: ComparedValue
    /// In the unit of ``value``, with the interval of its own file.
    package var baseline: Quantity
    package var other: Quantity
    /// Other over baseline. Its interval holds together with those of all other rows and comparisons, and is not
    /// symmetric: it is on the logarithmic scale.
    package var ratio: Quantity
    package var verdict: Verdict
    /// The smallest relative increase that would have been found in 95 % of such comparisons, 0.05 for 5 %; `nil` without
    /// an interval.
    package var detectableRatio: Double?
}

/// What of a part is compared.
package enum ComparedValue: String, Codable, Sendable, Hashable, CaseIterable {
    case timeSeconds = "time_seconds"
    case grossEnergyJoules = "gross_energy_joules"
    case netEnergyJoules = "net_energy_joules"

    package var unit: String { self == .timeSeconds ? "s" : "J" }
}

/// A part of the step. Of a block, the values are its own and not the pooled ones, which its neighbors have a part in.
package struct ComparedPart: Codable, Sendable, Hashable {
    /// Parts that share an error rate.
    package enum Family: String, Codable, Sendable, Hashable, CaseIterable {
        /// The whole step.
        case step
        /// A pass of the embedding, of what a block typically takes, or of the head.
        case kind
        /// A pass of one block.
        case block
        /// A kernel in a pass of a kind of layer; of the blocks, the mean. Time only.
        case kernel
    }

    package var family: Family
    /// `nil` for the whole step.
    package var kind: LayerDescription.Kind?
    /// The block's index, 1...L; for the family ``Family/block`` only.
    package var layer: Int?
    /// `nil` for the whole step.
    package var direction: Direction?
    /// For the family ``Family/kernel`` only.
    package var kernel: String?

    package init(
        family: Family, kind: LayerDescription.Kind? = nil, layer: Int? = nil, direction: Direction? = nil,
        kernel: String? = nil
    ) {
        self.family = family
        self.kind = kind
        self.layer = layer
        self.direction = direction
        self.kernel = kernel
    }

    package static let step = ComparedPart(family: .step)

    var name: String {
        let pass = direction.map { " \($0.rawValue)" } ?? ""
        let kind = kind?.rawValue ?? ""
        return switch family {
        case .step: "whole step"
        case .kind: (self.kind == .block ? "typical block" : kind) + pass
        case .block: "block \(layer ?? 0)" + pass
        case .kernel: "\(kind) \(kernel ?? "")" + pass
        }
    }
}

/// What a row shows.
package enum Verdict: String, Codable, Sendable, Hashable, CaseIterable {
    /// The whole interval lies above 1: slower, or more energy.
    case higher
    /// The whole interval lies below 1: faster, or less energy.
    case lower
    /// The interval holds 1, and a difference of the comparison's resolution would have been found.
    case noDifference = "no_difference"
    /// The interval holds 1, or there is none, and such a difference could have been missed.
    case tooUncertain = "too_uncertain"
    /// A side has no value, or it is not above zero.
    case notCompared = "not_compared"

    package var isDifference: Bool { self == .higher || self == .lower }
}
