import ModelFiles

extension ModelVariant {
    /// One that differs from Llama in everything, so that a file has all of its fields.
    package static let planted = ModelVariant(
        attentionBiases: true, queryKeyNorms: true, postNorms: true, activation: .geluTanh, embeddingScale: 8,
        attentionScale: 0.1, attentionSoftCap: 50, logitSoftCap: 30, rotarySize: 2,
        window: AttentionWindow(size: 16, fullLayers: [1]), windowRopeTheta: 10_000, fusedProjections: true)
}
