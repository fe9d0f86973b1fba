import Calibration
import Quantities
import SystemIO
import Workload

extension Calibration {
    /// One line for each pooling group: its blocks, what one takes, and whether they differ; empty without groups.
    var poolingLines: String {
        let lines = (pooling ?? []).map { group in
            let test = group.heterogeneity
            var text = "\(group.blocks) (one shape): \(NumberText.si(group.center, group.unit)) \(group.name); "
            let outliers = group.outliers.map { layer, difference in
                "block \(layer) is apart by \(difference > 0 ? "+" : "")\(NumberText.percent(difference))"
            }
            if !outliers.isEmpty {
                text += outliers.joined(separator: ", ")
            } else if test.pValue < PoolingGroup.significance {
                text += "they differ by \(NumberText.si(group.spread, group.unit)), one standard deviation"
            } else {
                text += "they do not differ"
            }
            text +=
                " (Q = \(NumberText.fixed(test.statistic, digits: 1)) on \(test.degreesOfFreedom) degrees of freedom, "
            return text + "p \(Self.pText(test.pValue)))\n"
        }
        return lines.isEmpty ? "" : lines.joined() + "\n"
    }

    private static func pText(_ p: Double) -> String { p < 0.001 ? "< 0.001" : "= \(NumberText.fixed(p, digits: 3))" }
}

extension PoolingGroup {
    /// `blocks 1 to 30`, or each by number where others are between them.
    fileprivate var blocks: String {
        let layers = members.map(\.layer)
        let areAdjacent = zip(layers, layers.dropFirst()).allSatisfy { $0 < $1 && $1 &- $0 == 1 }
        guard let first = layers.first, let last = layers.last, areAdjacent else {
            return "blocks " + layers.map(String.init).joined(separator: ", ")
        }
        return "blocks \(first) to \(last)"
    }

    fileprivate var unit: String { value == .timeSeconds ? "s" : "W" }

    fileprivate var name: String {
        switch value {
        case .timeSeconds: direction.rawValue
        case .grossPowerWatts: "gross, \(direction.rawValue)"
        case .netPowerWatts: "net, \(direction.rawValue)"
        }
    }
}
