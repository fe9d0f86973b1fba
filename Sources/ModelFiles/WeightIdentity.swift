import SystemIO
import SystemPackage

/// What identifies the values of a model's weights, so that two boxes can tell whether theirs are the same.
package enum WeightIdentity {
    /// `sha256:` and the digest of a GGUF file; of a folder, the digest of its safetensors files' digests in the order of
    /// their names; `random:` and the seed without a file.
    package static func text(weights: FilePath?, seed: UInt64) throws(KerfError) -> String {
        guard let weights else { return "random:\(seed)" }
        guard RegularFile.isDirectory(weights) else { return "sha256:" + (try digest(of: weights)) }
        var digests = ""
        for name in try SafetensorsFolder(weights).fileNames {
            digests += try digest(of: weights.appending(name)) + "\n"
        }
        return "sha256:" + SHA256.hexDigest(of: Array(digests.utf8))
    }

    private static func digest(of path: FilePath) throws(KerfError) -> String {
        let file = try MappedFile(path, minimumBytes: 1)
        return try file.withBytes(0..<file.count) { (bytes) throws(KerfError) in SHA256.hexDigest(of: bytes) }
    }
}
