import TransformerKernels
import Workload

/// The real thing: a stack of all layers of a model.
extension LayerStack: ProfiledStep {
    package var layerCount: Int { layers.count }

    package func needsPreparation(layer: Int) -> Bool { !isPrepared(layer: layer) }

    package func run(layer: Int, _ direction: Direction) throws {
        switch direction {
        case .forward:
            try forward(layer: layer)
        case .backward:
            try backward(layer: layer)
            try update(layer: layer)
        }
    }
}
