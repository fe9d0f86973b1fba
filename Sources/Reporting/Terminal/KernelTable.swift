import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// Time of every kernel in a step, summed over layers, the largest first, with its rates relative to the roofline where
/// the profile has the kernels' operations and bytes.
struct KernelTable {
    /// A sum over layers that is unknown once one part is.
    private struct Sum {
        /// `nil` once a part is unknown.
        var seconds: Double? = 0

        mutating func add(_ part: Quantity) {
            seconds = seconds.flatMap { sum in part.value.map { sum + $0 } }
        }

        static func + (left: Sum, right: Sum) -> Sum {
            Sum(seconds: left.seconds.flatMap { sum in right.seconds.map { sum + $0 } })
        }

        /// `-` without work, `n/a` where it is unknown.
        var text: String {
            guard let seconds else { return "n/a" }
            return seconds > 0 ? NumberText.si(seconds, "s") : "-"
        }
    }

    private struct Row {
        var forward = Sum()
        var backward = Sum()
        var flops = 0.0
        var bytes = 0.0

        var seconds: Double? { (forward + backward).seconds }
    }

    private var rows: [String: Row] = [:]
    private let roofline: Roofline?
    private let hasCosts: Bool
    /// Time of the whole step, so that the shares need not sum to 1: time between kernels belongs to none.
    private let stepSeconds: Double?

    init(_ calibration: Calibration) {
        stepSeconds = calibration.step.timeSeconds.value
        roofline = calibration.roofline
        hasCosts = calibration.layers.allSatisfy { $0.description.kernels != nil }
        for layer in calibration.layers {
            for (kernel, time) in layer.forward.kernelSeconds { rows[kernel, default: Row()].forward.add(time) }
            for (kernel, time) in layer.backward.kernelSeconds { rows[kernel, default: Row()].backward.add(time) }
            for cost in layer.description.kernels ?? [] {
                rows[cost.kernel, default: Row()].flops += cost.flops
                rows[cost.kernel, default: Row()].bytes += cost.bytes
            }
        }
    }

    /// The table and an empty line; nothing for a program whose layers have no kernels of a name.
    var text: String {
        guard !rows.isEmpty else { return "" }
        var columns: [TextTable.Column] = [
            .init("kernel", .left), .init("forward"), .init("backward"), .init("share of step"),
        ]
        if hasCosts {
            columns += [.init("rate", unit: "GFLOP/s"), .init("traffic", unit: "GB/s"), .init("of roof")]
        }
        var table = TextTable(columns)
        // Unknown times are last.
        let largestFirst = rows.sorted { left, right in
            let sums = [left, right].map { $0.value.seconds ?? -1 }
            return sums[0] == sums[1] ? left.key < right.key : sums[0] > sums[1]
        }
        for (name, row) in largestFirst {
            let rates = hasCosts ? [rate(row.flops, row), rate(row.bytes, row), roofShare(row)] : []
            table.append([PlainText.name(name), row.forward.text, row.backward.text, share(row)] + rates)
        }
        return table.text + roofLine + "\n"
    }

    private func share(_ row: Row) -> String {
        guard let seconds = row.seconds, let stepSeconds, stepSeconds > 0 else { return "n/a" }
        return NumberText.percent(seconds / stepSeconds)
    }

    private func rate(_ work: Double, _ row: Row) -> String {
        guard let seconds = row.seconds, seconds > 0, work > 0 else { return "-" }
        return NumberText.significant(work / seconds / 1e9)
    }

    /// The minimum time by the roofline over the measured time; above 100 % where operands were in a cache.
    private func roofShare(_ row: Row) -> String {
        guard let flops = roofline?.flopsPerSecond.value, let bytes = roofline?.bytesPerSecond.value,
            let seconds = row.seconds, seconds > 0
        else { return "n/a" }
        let (computing, moving) = (row.flops / flops, row.bytes / bytes)
        return NumberText.percent(max(computing, moving) / seconds, digits: 0) + (computing > moving ? " c" : " m")
    }

    private var roofLine: String {
        guard hasCosts, let flops = roofline?.flopsPerSecond.value, let bytes = roofline?.bytesPerSecond.value else {
            return ""
        }
        return "roofline: \(NumberText.si(flops, "FLOP/s")) computing (c), \(NumberText.si(bytes, "B/s")) memory (m), "
            + "measured in this run\n"
    }
}
