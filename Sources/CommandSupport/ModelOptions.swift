import ArgumentParser
import Instrumentation
import ModelFiles
import SystemPackage

/// The model and its weights.
package struct ModelOptions: ParsableArguments {
    package init() {}

    @Option(help: Self.modelHelp)
    package var model: String

    @Option(help: Self.weightsHelp)
    package var weights: String?

    static var modelHelp: ArgumentHelp {
        ArgumentHelp(
            "Name of a shipped model (an unknown name lists them), or path of a Hugging Face config.json.",
            valueName: "name|config.json")
    }

    static var weightsHelp: ArgumentHelp {
        ArgumentHelp(
            "Real weights: a GGUF file, or a folder with safetensors. (default: random weights)",
            valueName: "file.gguf|dir")
    }

    package func open(seed: UInt64) throws -> any WeightSource {
        try Self.open(model, weights: weights, seed: seed)
    }

    /// - Parameter weights: `nil` for random ones.
    static func open(_ model: String, weights: String?, seed: UInt64) throws -> any WeightSource {
        let config = try ModelReference.resolve(model)
        return InterruptibleWeights(
            try WeightSources.open(config, weights: weights.map { FilePath($0) }, seed: seed))
    }
}
