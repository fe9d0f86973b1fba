import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// Time of every kernel in a step, summed over layers, the largest first, with its rates relative to the roofline where
/// the profile has the kernels' operations and bytes.
struct KernelTable {
    private let sums: KernelSums
    private let roofline: Roofline?
    /// Time of the whole step, so that the shares need not sum to 1: time between kernels belongs to none.
    private let stepSeconds: Double?

    init(_ calibration: Calibration) {
        sums = KernelSums(calibration)
        stepSeconds = calibration.step.timeSeconds.value
        roofline = calibration.roofline
    }

    /// The table and an empty line; nothing for a program whose layers have no kernels of a name.
    var text: String {
        guard !sums.kernels.isEmpty else { return "" }
        var columns: [TextTable.Column] = [
            .init("kernel", .left), .init("forward"), .init("backward"), .init("share of step"),
        ]
        if sums.hasCosts {
            columns += [.init("rate", unit: "GFLOP/s"), .init("traffic", unit: "GB/s"), .init("of roof")]
        }
        var table = TextTable(columns)
        for kernel in sums.kernels {
            let rates =
                sums.hasCosts ? [rate(kernel.flops, kernel), rate(kernel.bytes, kernel), roofShare(kernel)] : []
            table.append(
                [PlainText.name(kernel.name), text(kernel.forward), text(kernel.backward), share(kernel)] + rates)
        }
        return table.text + roofLine + "\n"
    }

    /// `-` without work, `n/a` where it is unknown.
    private func text(_ sum: KernelSums.Sum) -> String {
        guard let seconds = sum.seconds else { return "n/a" }
        return seconds > 0 ? NumberText.si(seconds, "s") : "-"
    }

    private func share(_ kernel: KernelSums.Kernel) -> String {
        guard let seconds = kernel.seconds, let stepSeconds, stepSeconds > 0 else { return "n/a" }
        return NumberText.percent(seconds / stepSeconds)
    }

    private func rate(_ work: Double, _ kernel: KernelSums.Kernel) -> String {
        guard let seconds = kernel.seconds, seconds > 0, work > 0 else { return "-" }
        return NumberText.significant(work / seconds / 1e9)
    }

    /// The minimum time by the roofline over the measured time; above 100 % where operands were in a cache.
    private func roofShare(_ kernel: KernelSums.Kernel) -> String {
        guard let flops = roofline?.flopsPerSecond.value, let bytes = roofline?.bytesPerSecond.value,
            let seconds = kernel.seconds, seconds > 0
        else { return "n/a" }
        let (computing, moving) = (kernel.flops / flops, kernel.bytes / bytes)
        return NumberText.percent(max(computing, moving) / seconds, digits: 0) + (computing > moving ? " c" : " m")
    }

    private var roofLine: String {
        guard sums.hasCosts, let flops = roofline?.flopsPerSecond.value, let bytes = roofline?.bytesPerSecond.value
        else {
            return ""
        }
        return "roofline: \(NumberText.si(flops, "FLOP/s")) computing (c), \(NumberText.si(bytes, "B/s")) memory (m), "
            + "measured in this run\n"
    }
}
