import Calibration
import ProfileFormat
import Quantities

/// Time and work of every kernel in a step, summed over layers.
struct KernelSums: Sendable {
    /// A sum over layers that is unknown once one part is.
    struct Sum: Sendable {
        /// `nil` once a part is unknown.
        var seconds: Double? = 0

        mutating func add(_ part: Quantity) {
            seconds = seconds.flatMap { sum in part.value.map { sum + $0 } }
        }

        static func + (left: Sum, right: Sum) -> Sum {
            Sum(seconds: left.seconds.flatMap { sum in right.seconds.map { sum + $0 } })
        }
    }

    struct Kernel: Sendable {
        var name: String
        var forward = Sum()
        var backward = Sum()
        var flops = 0.0
        var bytes = 0.0

        var seconds: Double? { (forward + backward).seconds }
    }

    /// The largest time first, unknown times last.
    let kernels: [Kernel]
    /// Whether the operations and bytes are known.
    let hasCosts: Bool

    init(_ calibration: Calibration) {
        var sums: [String: Kernel] = [:]
        for layer in calibration.layers {
            for (kernel, time) in layer.forward.kernelSeconds {
                sums[kernel, default: Kernel(name: kernel)].forward.add(time)
            }
            for (kernel, time) in layer.backward.kernelSeconds {
                sums[kernel, default: Kernel(name: kernel)].backward.add(time)
            }
            for cost in layer.description.kernels ?? [] {
                sums[cost.kernel, default: Kernel(name: cost.kernel)].flops += cost.flops
                sums[cost.kernel, default: Kernel(name: cost.kernel)].bytes += cost.bytes
            }
        }
        hasCosts = calibration.layers.allSatisfy { $0.description.kernels != nil }
        kernels = sums.values.sorted { left, right in
            let times = [left, right].map { $0.seconds ?? -1 }
            return times[0] == times[1] ? left.name < right.name : times[0] > times[1]
        }
    }
}
