import SystemIO
import SystemPackage

/// Opens weights, whatever their format.
package enum WeightSources {
    /// A GGUF file, recognised by its first bytes and not by its name, or a folder with `config.json` and safetensors.
    ///
    /// - Parameter expected: the model that the weights must belong to, if one was named.
    /// - Throws: ``KerfError``; `impossibleShape` naming the field when the weights are another model's.
    package static func open(
        _ path: FilePath, expecting expected: ModelConfig? = nil
    ) throws(KerfError) -> any WeightSource {
        if RegularFile.isDirectory(path) { return try SafetensorsWeights(path, expecting: expected) }
        let file = try MappedFile(path, minimumBytes: GGUFHeader.magic.count)
        let isGGUF = try file.withBytes(0..<GGUFHeader.magic.count) { (bytes) throws(KerfError) in
            bytes.elementsEqual(GGUFHeader.magic)
        }
        guard isGGUF else {
            throw KerfError(
                .malformed, at: path.string, "is not a GGUF file",
                remedy: "give a GGUF file, or for safetensors the folder that also holds config.json")
        }
        return try GGUFWeights(path, expecting: expected)
    }

    /// The weights at a path, or random ones of the model's shapes where no path was given.
    package static func open(
        _ model: ModelConfig, weights: FilePath?, seed: UInt64
    ) throws(KerfError) -> any WeightSource {
        guard let weights else { return RandomWeights(model, seed: seed) }
        return try open(weights, expecting: model)
    }
}
