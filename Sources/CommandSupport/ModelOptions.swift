import ArgumentParser
import Instrumentation
import ModelFiles
import SystemPackage

/// The model and its weights.
package struct ModelOptions: ParsableArguments {
    package init() {}

    @Option(
        help: ArgumentHelp(
            "Name of a shipped model (an unknown name lists them), or path of a Hugging Face config.json.",
            valueName: "name|config.json"))
    package var model: String

    @Option(
        help: ArgumentHelp(
            "Real weights: a GGUF file, or a folder with safetensors. (default: random weights)",
            valueName: "file.gguf|dir"))
    package var weights: String?

    package func open(seed: UInt64) throws -> any WeightSource {
        let config = try ModelReference.resolve(model)
        return InterruptibleWeights(
            try WeightSources.open(config, weights: weights.map { FilePath($0) }, seed: seed))
    }
}
