import ProfileFormat
import Workload

/// A part of a step whose time is interpolated by itself.
enum StepPart: Hashable {
    case kernel(LayerPass, String)
    /// What a pass takes outside of its kernels.
    case betweenKernels(LayerPass)
    case pass(LayerPass)
    case step
}

/// What a part of a step has to do at a workload, from the shapes.
///
/// Floating-point operations where there are any, otherwise bytes. Time between kernels goes by tokens, and by the
/// pass's operations where the profile has no kernels.
struct WorkMeasures {
    private let shapes: LayerShapes
    private let workload: WorkloadDescription
    private let known: [WorkloadPoint: Layers]

    /// The layers at one workload, their kernels by pass.
    private struct Layers {
        var descriptions: [LayerDescription]
        var kernels: [LayerPass: [String: KernelCost]]

        init(_ descriptions: [LayerDescription]) {
            self.descriptions = descriptions
            kernels = [:]
            for layer in descriptions {
                for cost in layer.kernels ?? [] {
                    let pass = LayerPass(layer: layer.index, direction: cost.direction)
                    kernels[pass, default: [:]][cost.kernel] = cost
                }
            }
        }
    }

    /// - Parameters:
    ///   - workload: any of the measured ones.
    ///   - points: the workloads that work will be needed at.
    init(_ shapes: LayerShapes, _ workload: WorkloadDescription, points: some Sequence<WorkloadPoint>) {
        self.shapes = shapes
        self.workload = workload
        known = Dictionary(
            uniqueKeysWithValues: Set(points).map { point in
                (point, Layers(shapes.layers(under: workload.at(point))))
            })
    }

    func layers(at point: WorkloadPoint) -> [LayerDescription] { layers(point).descriptions }

    private func layers(_ point: WorkloadPoint) -> Layers {
        known[point] ?? Layers(shapes.layers(under: workload.at(point)))
    }

    func work(_ part: StepPart, at point: WorkloadPoint) -> Double { measure(part, at: point).work }

    func unit(_ part: StepPart, at point: WorkloadPoint) -> WorkUnit { measure(part, at: point).unit }

    private func measure(_ part: StepPart, at point: WorkloadPoint) -> (work: Double, unit: WorkUnit) {
        let layers = layers(point)
        func operations(_ pass: LayerPass) -> Double {
            let layer = layers.descriptions[pass.layer]
            return pass.direction == .forward ? layer.forwardFlops : layer.backwardFlops
        }
        switch part {
        case .kernel(let pass, let name):
            guard let cost = layers.kernels[pass]?[name] else { return (point.tokens, .tokens) }
            return cost.flops > 0 ? (cost.flops, .flops) : (cost.bytes, .bytes)
        case .betweenKernels(let pass):
            return layers.kernels[pass] == nil && operations(pass) > 0
                ? (operations(pass), .flops) : (point.tokens, .tokens)
        case .pass(let pass):
            return operations(pass) > 0 ? (operations(pass), .flops) : (point.tokens, .tokens)
        case .step:
            return (layers.descriptions.reduce(0) { $0 + $1.forwardFlops + $1.backwardFlops }, .flops)
        }
    }
}

extension WorkloadDescription {
    /// The workload with another batch, sequence length and rank. Alpha keeps its ratio to the rank.
    func at(_ point: WorkloadPoint) -> WorkloadDescription {
        var workload = self
        (workload.batch, workload.sequence, workload.loraRank) = (point.batch, point.sequence, point.loraRank)
        if loraRank > 0 { workload.loraAlpha = loraAlpha * Double(point.loraRank) / Double(loraRank) }
        return workload
    }
}
