import Workload

extension LayerPass {
    /// Both directions of every layer, in the layers' order.
    package static func all(of layers: [LayerDescription]) -> [LayerPass] {
        layers.flatMap { layer in Direction.allCases.map { LayerPass(layer: layer.index, direction: $0) } }
    }

    /// Whether the pass does nothing: no gradient goes into the frozen embedding.
    package func isIdle(in layers: [LayerDescription]) -> Bool {
        layer == 0 && direction == .backward && layers[0].backwardFlops == 0
    }
}

extension LayerTimes {
    package var pass: LayerPass { LayerPass(layer: layer, direction: direction) }
}
