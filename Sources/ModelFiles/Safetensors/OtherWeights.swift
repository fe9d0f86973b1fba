import FoundationEssentials
import SystemIO
import SystemPackage

/// What a folder without `model.safetensors` holds in its place: the same model in another format, or only a part of it.
enum OtherWeights {
    private static let convert: Remedy =
        "download the safetensors of the model, or convert it (transformers: model.save_pretrained)"

    /// Endings of files, with what they are; the first that a folder has is named.
    private static let kinds: [(ending: String, what: String, remedy: Remedy)] = [
        ("adapter_model.safetensors", "LoRA adapters, not a model", "give the folder of the base model"),
        (".gguf", "a GGUF file", "give that file as the weights"),
        (".safetensors", "safetensors under another name", "give the folder as Hugging Face's transformers saves it"),
        (".bin", "PyTorch's pickle format", convert),
        (".pth", "PyTorch's pickle format", convert),
        (".pt", "PyTorch's pickle format", convert),
        (".onnx", "an ONNX model", convert),
        (".h5", "an HDF5 file of Keras", convert),
        (".msgpack", "weights of Flax", convert),
    ]

    /// The error of a folder without the files that Kerf reads.
    static func refusal(in folder: FilePath) -> KerfError {
        let lacks = "has neither \(SafetensorsFolder.singleName) nor \(SafetensorsFolder.indexName)"
        // A folder that cannot be listed was opened for its config.json; then only what it lacks is known.
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []).sorted()
        // Hugging Face's cache keeps links to files that may have been deleted.
        let wanted = [SafetensorsFolder.singleName, SafetensorsFolder.indexName]
        if let link = names.first(where: { wanted.contains($0) }) {
            return KerfError(
                .noSuchFile, at: folder.appending(link).string, "is a link to a file that does not exist",
                remedy: "download the model again")
        }
        if let shard = names.first(where: { $0.contains("-of-") && $0.hasSuffix(".safetensors") }) {
            return KerfError(
                .noSuchFile, at: folder.string, "\(lacks); \(quoted(shard)) is a part of a model",
                remedy: .text("download \(SafetensorsFolder.indexName) too, and all parts that it lists"))
        }
        for (ending, what, remedy) in kinds {
            if let name = names.first(where: { $0.hasSuffix(ending) }) {
                return KerfError(
                    .noSuchFile, at: folder.string, "\(lacks); \(quoted(name)) is \(what)", remedy: remedy)
            }
        }
        return KerfError(
            .noSuchFile, at: folder.string, lacks, remedy: "give the folder of a Hugging Face checkpoint")
    }
}
