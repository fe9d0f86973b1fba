import SystemIO
import SystemPackage

/// The safetensors files of a checkpoint's folder: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` lists.
struct SafetensorsFolder: Sendable {
    static let configName = "config.json"
    static let singleName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"
    /// The index of the largest Llama model has about 100 kilobytes.
    private static let indexLimit = 1 << 24
    /// Each shard keeps a file open.
    private static let shardLimit = 512

    private struct Index: Decodable {
        /// Shard of each tensor, by name.
        let weightMap: [String: String]

        init(from decoder: any Decoder) throws { weightMap = try JSONFields(decoder).required("weight_map") }
    }

    let folder: FilePath
    private let shards: [String: SafetensorsFile]
    /// Shard of each tensor, by name; `nil` when all tensors are in one file.
    private let weightMap: [String: String]?

    init(_ folder: FilePath) throws(KerfError) {
        self.folder = folder
        let index = folder.appending(Self.indexName)
        if RegularFile.exists(folder.appending(Self.singleName)) {
            weightMap = nil
            shards = [Self.singleName: try SafetensorsFile(folder.appending(Self.singleName))]
        } else if RegularFile.exists(index) {
            let map = try Self.weightMap(index)
            var shards: [String: SafetensorsFile] = [:]
            for name in Set(map.values).sorted() { shards[name] = try Self.shard(folder.appending(name)) }
            weightMap = map
            self.shards = shards
        } else {
            throw OtherWeights.refusal(in: folder)
        }
    }

    private static func shard(_ path: FilePath) throws(KerfError) -> SafetensorsFile {
        do throws(KerfError) {
            return try SafetensorsFile(path)
        } catch {
            guard error.cause == .noSuchFileOrDirectory else { throw error }
            throw KerfError(
                .noSuchFile, at: path.string, "is missing, though \(indexName) lists it", cause: error.cause,
                remedy: "download this part of the model too")
        }
    }

    func tensor(_ name: String) throws(KerfError) -> StoredTensor? {
        guard let weightMap else { return try shards[Self.singleName]?.tensor(name) }
        guard let shard = weightMap[name] else { return nil }
        guard let tensor = try shards[shard]?.tensor(name) else {
            throw KerfError(
                .missingTensor, at: folder.appending(shard).string,
                "\(quoted(name)) is missing, though \(Self.indexName) places it here")
        }
        return tensor
    }

    /// Names of the files, sorted.
    var fileNames: [String] { shards.keys.sorted() }

    /// All tensor names, sorted.
    var names: [String] { shards.values.flatMap { $0.tensors.keys }.sorted() }

    private static func weightMap(_ index: FilePath) throws(KerfError) -> [String: String] {
        let file = index.string
        let bytes = try RegularFile.contents(of: index, limit: indexLimit)
        let map = try JSONFile.decode(Index.self, from: bytes, file: file).weightMap
        let shards = Set(map.values)
        guard shards.count <= shardLimit else {
            throw KerfError(.malformed, at: file, "lists more than \(shardLimit) shards")
        }
        // Only files in the index's own folder. Sorted, so that the message is the same each time.
        for shard in shards.sorted() {
            guard FilePath.Component(shard)?.kind == .regular, !shard.utf8.contains(UInt8(ascii: "/")),
                !shard.utf8.contains(0)
            else {
                throw KerfError(.malformed, at: file, "the shard name \(quoted(shard)) leaves the folder")
            }
        }
        return map
    }
}
