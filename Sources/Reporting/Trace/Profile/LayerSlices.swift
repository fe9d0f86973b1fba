import ProfileFormat
import SystemIO
import Workload

/// The layers of instrumented steps as slices, kernels within them.
///
/// A length is the measured one to the nanosecond, so that sums of slices are sums of samples. Of a layer's kernels the
/// file has totals; they are laid end to end from the layer's start, in the order in which they are computed.
struct LayerSlices {
    private struct Pass {
        var name: String
        var seconds: [Double]
        var kernels: [(name: String, seconds: [Double])]
    }

    /// In the order of a step: forward up the layers, backward down.
    private let passes: [Pass]
    /// Instrumented steps.
    let count: Int
    /// Kernels that were left out because they take longer than their layer.
    private(set) var unfitKernels = 0

    init(_ times: [LayerTimes], of layers: [LayerDescription]) {
        // No work, no slice.
        let working = times.filter { !$0.pass.isIdle(in: layers) }
        let forward = working.filter { $0.direction == .forward }.sorted { $0.layer < $1.layer }
        let backward = working.filter { $0.direction == .backward }.sorted { $0.layer > $1.layer }
        passes = (forward + backward).map { times in
            Pass(
                name: times.pass.name(in: layers), seconds: times.seconds,
                kernels: times.kernels.sorted {
                    let ranks = [$0.key, $1.key].map { Self.rank(ofKernel: $0, times.direction) }
                    return ranks[0] == ranks[1] ? $0.key < $1.key : ranks[0] < ranks[1]
                }
                .map { (PlainText.name($0), $1) })
        }
        count = times.first?.seconds.count ?? 0
    }

    /// Place in the order of computing. AdamW comes last; kernels of other programs come after those that are known.
    private static func rank(ofKernel name: String, _ direction: Direction) -> Int {
        guard let kernel = Kernel(rawValue: name), let place = Kernel.allCases.firstIndex(of: kernel) else {
            return .max
        }
        if kernel == .adamW { return Kernel.allCases.count }
        return direction == .forward ? place : Kernel.allCases.count - 1 - place
    }

    /// Nanoseconds of a step's layers, summed; see ``TraceLayout/sum(_:)``.
    func nanoseconds(ofSample sample: Int) -> Int64 { TraceLayout.sum(lengths(ofSample: sample)) }

    private func lengths(ofSample sample: Int) -> [Int64] {
        sample < count ? passes.map { TraceLayout.nanoseconds($0.seconds[sample]) ?? 0 } : []
    }

    /// The layers of one step.
    ///
    /// - Parameters:
    ///   - step: when it ran.
    ///   - boundaries: when each pass began, as far as that is known, and when the last ended; without them passes follow
    ///     each other from the step's start.
    /// - Returns: `nil` where they take longer than the step.
    mutating func layers(
        ofSample sample: Int, in step: Range<Int64>, boundaries: [Int64] = []
    ) -> [Trace.Slice]? {
        let measured = lengths(ofSample: sample)
        var lengths = measured
        guard TraceLayout.fit(&lengths, into: step.upperBound - step.lowerBound) else { return nil }
        let wanted = boundaries.count == lengths.count + 1 ? boundaries : nil
        let starts = TraceLayout.starts(of: lengths, wanted: wanted, in: step)
        var slices: [Trace.Slice] = []
        for (place, start) in starts.enumerated() {
            var slice = Trace.Slice(
                name: passes[place].name, category: .layer, start: start, duration: lengths[place])
            slice.children = kernels(
                of: passes[place], sample, in: start..<slice.end, given: measured[place] - lengths[place])
            slices.append(slice)
        }
        return slices
    }

    private mutating func kernels(
        of pass: Pass, _ sample: Int, in layer: Range<Int64>, given: Int64
    ) -> [Trace.Slice] {
        var lengths = pass.kernels.map { TraceLayout.nanoseconds($0.seconds[sample]) ?? 0 }
        guard TraceLayout.fit(&lengths, into: layer.upperBound - layer.lowerBound, given: given) else {
            unfitKernels += lengths.count { $0 > 0 }
            return []
        }
        let starts = TraceLayout.starts(of: lengths, in: layer)
        return pass.kernels.indices.filter { lengths[$0] > 0 }.map { place in
            Trace.Slice(
                name: pass.kernels[place].name, category: .kernel, start: starts[place], duration: lengths[place])
        }
    }
}

extension LayerPass {
    /// `block 3 forward`
    func name(in layers: [LayerDescription]) -> String {
        let kind = layers[layer].kind
        return "\(kind.rawValue)\(kind == .block ? " \(layer)" : "") \(direction.rawValue)"
    }
}
