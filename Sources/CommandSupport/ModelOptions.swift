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

    @Option(help: Self.weightFormatHelp)
    package var weightFormat: WeightFormatChoice?

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

    static var weightFormatHelp: ArgumentHelp {
        ArgumentHelp(
            "Keep weights quantized in memory: as stored in the GGUF file, or in a format. (default: --dtype's format)",
            valueName: "stored|format")
    }

    package func open(seed: UInt64) throws -> any WeightSource {
        try Self.open(model, weights: weights, weightFormat, seed: seed)
    }

    /// What identifies the values of the weights, also by how they are quantized.
    package func weightIdentity(seed: UInt64) throws -> String {
        let file = try WeightIdentity.text(weights: weights.map { FilePath($0) }, seed: seed)
        return file + (weightFormat.map { ", in memory: \($0.choice.name)" } ?? "")
    }

    /// - Parameters:
    ///   - weights: `nil` for random ones.
    ///   - format: `nil` for weights that are not quantized in memory.
    static func open(
        _ model: String, weights: String?, _ format: WeightFormatChoice?, seed: UInt64
    ) throws -> any WeightSource {
        let config = try ModelReference.resolve(model)
        let source = try WeightSources.open(config, weights: weights.map { FilePath($0) }, seed: seed)
        guard let format else { return InterruptibleWeights(source) }
        return InterruptibleWeights(try QuantizedWeights(source, format.choice))
    }
}

/// Values of `--weight-format`.
package struct WeightFormatChoice: ExpressibleByArgument, Sendable {
    package let choice: QuantizedWeights.Choice

    package init?(argument: String) {
        if argument == "stored" {
            choice = .stored
        } else if let format = QuantizedFormat(named: argument) {
            choice = .format(format)
        } else {
            return nil
        }
    }

    package static var allValueStrings: [String] { ["stored"] + QuantizedFormat.allCases.map(\.rawValue) }
}
