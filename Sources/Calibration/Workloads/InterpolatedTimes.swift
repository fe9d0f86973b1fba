import ProfileFormat
import Quantities
import Statistics
import Workload

/// Times at a workload that was not measured.
///
/// Each kernel is interpolated in its own work, so that attention goes by the square of the sequence where the
/// projections go by the tokens. A sum of kernels, such as a pass or all blocks together, is one weighted sum over each
/// measured workload's steps: its interval has their correlation in it.
struct InterpolatedTimes: TimeSource {
    let layers: [LayerDescription]
    let interpolation: Interpolation
    private let fits: [TimeFit]
    private let work: WorkMeasures
    /// Weights of each pass's parts: at each corner of the cell, and of each check's neighbors.
    private let shares: [[LayerPass: PassWeights]]
    private let checkShares: [[[LayerPass: PassWeights]]]
    /// How far each part may be off, in seconds, as ``Interpolation/allowance(_:_:work:target:)`` has it.
    private let allowances: [LayerPass: PassWeights]

    var confidence: Double { fits[0].confidence }
    var origin: Origin { .modelled }
    var reason: String? { interpolation.text }
    var runCount: Int { fits.map(\.runCount).min() ?? 0 }

    /// - Parameter fits: one for each of the grid's workloads, with the same passes and kernels.
    init(_ interpolation: Interpolation, _ fits: [TimeFit], _ work: WorkMeasures) {
        (self.interpolation, self.fits, self.work) = (interpolation, fits, work)
        let cell = interpolation.cell
        layers = work.layers(at: cell.target)
        let passes = LayerPass.all(of: layers)
        func shares(_ cell: WorkloadCell) -> [[LayerPass: PassWeights]] {
            var corners = [[LayerPass: PassWeights]](repeating: [:], count: cell.corners.count)
            for pass in passes {
                func weights(_ part: StepPart) -> [Double] { cell.weights { work.work(part, at: $0) } }
                let outside = weights(.betweenKernels(pass))
                for corner in corners.indices { corners[corner][pass] = PassWeights(outside: outside[corner]) }
                for kernel in fits[0].kernelNames(of: pass) {
                    let ofKernel = weights(.kernel(pass, kernel))
                    for corner in corners.indices { corners[corner][pass]?.kernels[kernel] = ofKernel[corner] }
                }
            }
            return corners
        }
        self.shares = shares(cell)
        checkShares = interpolation.checks.map { shares($0.neighbors) }
        let parts = fits.map { PartSeconds($0, passes) }
        var allowances: [LayerPass: PassWeights] = [:]
        for pass in passes where parts.allSatisfy({ $0.passes[pass] != nil }) {
            func allowance(_ part: StepPart, _ seconds: [Double], _ shares: [Double]) -> Double {
                interpolation.allowance(
                    zip(cell.corners, shares).reduce(0) { $0 + seconds[$1.0.workload] * $1.1 }, seconds,
                    work: interpolation.grid.points.map { work.work(part, at: $0) },
                    target: work.work(part, at: cell.target))
            }
            var ofPass = PassWeights(
                outside: allowance(
                    .betweenKernels(pass), parts.map { $0.passes[pass]?.outside ?? 0 },
                    self.shares.map { $0[pass]?.outside ?? 0 }))
            for kernel in fits[0].kernelNames(of: pass) {
                ofPass.kernels[kernel] = allowance(
                    .kernel(pass, kernel), parts.map { $0.passes[pass]?[kernel] ?? 0 },
                    self.shares.map { $0[pass]?[kernel] ?? 0 })
            }
            allowances[pass] = ofPass
        }
        self.allowances = allowances
    }

    /// Mean seconds of every part at one measured workload.
    private struct PartSeconds {
        var passes: [LayerPass: PassWeights] = [:]

        init(_ fit: TimeFit, _ passes: [LayerPass]) {
            for pass in passes {
                guard let time = fit.time(of: pass) else { continue }
                let kernels = fit.kernels(of: pass).mapValues(\.value)
                let inside = kernels.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
                self.passes[pass] = PassWeights(outside: max(0, time.value - inside), kernels: kernels)
            }
        }
    }

    // MARK: - Times

    func time(of pass: LayerPass) -> Estimate? {
        allowances[pass] == nil ? nil : estimate([pass: .whole])
    }

    func kernels(of pass: LayerPass) -> [String: Estimate] {
        guard allowances[pass] != nil else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: fits[0].kernelNames(of: pass).map { kernel in
                (kernel, estimate([pass: PassWeights(outside: 0, kernels: [kernel: 1])]))
            })
    }

    func weightedSum(_ weights: [LayerPass: Double]) -> Estimate {
        estimate(weights.mapValues { PassWeights(outside: $0) })
    }

    func contrast(_ weights: [LayerPass: Double]) -> Estimate {
        sum(weights.mapValues { PassWeights(outside: $0) }, interpolation.cell, shares)
    }

    private func estimate(_ selected: [LayerPass: PassWeights]) -> Estimate {
        let value = sum(selected, interpolation.cell, shares)
        var off = 0.0
        for pass in LayerPass.all(of: layers) {
            guard let selected = selected[pass], let allowances = allowances[pass] else { continue }
            off += abs(selected.outside) * allowances.outside
            for (kernel, allowance) in allowances.kernels.sorted(by: { $0.key < $1.key }) {
                off += abs(selected[kernel]) * allowance
            }
        }
        for (check, shares) in zip(interpolation.checks, checkShares) {
            let measured = fits[check.workload].weightedSum(selected)
            guard measured.value > 0 else { continue }
            let excess = Interpolation.excess(sum(selected, check.neighbors, shares), measured)
            off = max(off, excess / measured.value * value.value)
        }
        return value.widened(byModelError: off)
    }

    /// A weighted sum of parts, interpolated in a cell.
    private func sum(
        _ selected: [LayerPass: PassWeights], _ cell: WorkloadCell, _ shares: [[LayerPass: PassWeights]]
    ) -> Estimate {
        let corners = zip(cell.corners, shares).map { corner, shares in
            fits[corner.workload].weightedSum(
                selected.reduce(into: [LayerPass: PassWeights]()) { weights, item in
                    guard let share = shares[item.key] else { return }
                    weights[item.key] = item.value * share
                })
        }
        return corners.dropFirst().reduce(corners[0], +)
    }
}
