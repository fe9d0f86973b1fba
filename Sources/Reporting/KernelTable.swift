import Calibration

/// Time of every kernel in a step, summed over layers; the largest first.
struct KernelTable {
    /// A sum over layers of which one may be missing.
    private struct Sum {
        /// `nil` once a part is not known.
        var seconds: Double? = 0

        mutating func add(_ part: Quantity) {
            seconds = seconds.flatMap { sum in part.value.map { sum + $0 } }
        }

        static func + (left: Sum, right: Sum) -> Sum {
            Sum(seconds: left.seconds.flatMap { sum in right.seconds.map { sum + $0 } })
        }

        /// `-` without work, `n/a` where it is not known.
        var text: String {
            guard let seconds else { return "n/a" }
            return seconds > 0 ? NumberText.si(seconds, "s") : "-"
        }
    }

    private var kernels: [String: (forward: Sum, backward: Sum)] = [:]
    /// The whole step's own time, so that shares leave out what lies between the kernels.
    private let stepSeconds: Double?

    init(_ calibration: Calibration) {
        stepSeconds = calibration.step.timeSeconds.value
        for layer in calibration.layers {
            for (kernel, time) in layer.forward.kernelSeconds {
                kernels[kernel, default: (Sum(), Sum())].forward.add(time)
            }
            for (kernel, time) in layer.backward.kernelSeconds {
                kernels[kernel, default: (Sum(), Sum())].backward.add(time)
            }
        }
    }

    var text: String {
        var table = TextTable([.init("kernel", .left), .init("forward"), .init("backward"), .init("share of step")])
        let rows = kernels.map { (name: $0.key, forward: $0.value.forward, backward: $0.value.backward) }
        // What is not known stands last.
        let largestFirst = rows.sorted { left, right in
            let sums = [left, right].map { ($0.forward + $0.backward).seconds ?? -1 }
            return sums[0] == sums[1] ? left.name < right.name : sums[0] > sums[1]
        }
        for row in largestFirst {
            table.append([
                PlainText.shown(row.name), row.forward.text, row.backward.text, share(row.forward + row.backward),
            ])
        }
        return table.text
    }

    private func share(_ sum: Sum) -> String {
        guard let seconds = sum.seconds, let stepSeconds, stepSeconds > 0 else { return "n/a" }
        return NumberText.percent(seconds / stepSeconds)
    }
}
