import Glibc
import SystemPackage

/// Keeps a command from replacing what it reads.
package enum OutputGuard {
    /// - Parameters:
    ///   - output: where the result will go.
    ///   - option: the caller's option that names the output.
    ///   - inputs: files that the command reads, and folders of weights or keys. They are compared by inode, so that a
    ///     link or another path to the same file is recognized.
    /// - Throws: ``KerfError/Code/cannotCreate`` when the output is one of the inputs. A device such as
    ///   `/dev/stdout` is never replaced and passes.
    package static func check(
        _ output: String, of option: String, isNoneOf inputs: [String]
    ) throws(KerfError) {
        guard let place = identity(output) else { return }
        let folder = folder(of: FilePath(output))
        for input in inputs {
            guard let found = identity(input), found == place || found == folder else { continue }
            let what = found == place ? "the input" : "a file of the input"
            throw KerfError(
                .cannotCreate, at: output, "would replace \(what) \(PlainText.shown(input))",
                remedy: "give another name with \(option)")
        }
    }

    /// The folder of an output that may be a file of weights or keys; `nil` for one with the name of a result.
    private static func folder(of output: FilePath) -> Identity? {
        let name = output.lastComponent?.string ?? ""
        guard !name.hasSuffix(".json") || namesInModels.contains(name) else { return nil }
        let folder = output.removingLastComponent()
        return identity(folder.isEmpty ? "." : folder.string)
    }

    private static let namesInModels: Set<String> = [
        "adapter_config.json", "config.json", "generation_config.json", "model.safetensors.index.json",
        "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
    ]

    private struct Identity: Equatable {
        var device: UInt64
        var inode: UInt64
    }

    /// Device and inode of the regular file or directory behind all links; `nil` where there is none.
    private static func identity(_ path: String) -> Identity? {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        let kind = information.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFDIR else { return nil }
        return Identity(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
    }
}
