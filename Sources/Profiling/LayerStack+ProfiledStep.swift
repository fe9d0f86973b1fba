public import TransformerKernels

/// The real thing: a stack of all layers of a model.
extension LayerStack: ProfiledStep {
    public var layerCount: Int { layers.count }

    public func needsPreparation(layer: Int) -> Bool { !isPrepared(layer: layer) }

    public func run(layer: Int, _ direction: Direction) throws {
        switch direction {
        case .forward:
            try forward(layer: layer)
        case .backward:
            try backward(layer: layer)
            try update(layer: layer)
        }
    }
}
