import Glibc
import SystemPackage

/// The real model that some tests read: SmolLM2-135M-Instruct, Q4_1, a GGUF file of 98 MB.
///
/// `KERF_TEST_GGUF` names it; else it is looked for where `make test` puts it, in `kerf` of the user's cache
/// directory (XDG Base Directory Specification).
package enum TestModel {
    package static let fileName = "SmolLM2-135M-Instruct.Q4_1.gguf"

    /// `nil` when the file is not there; tests that need it are then skipped with ``absence``.
    package static let path: FilePath? = {
        let candidate = variable("KERF_TEST_GGUF").map { FilePath($0) } ?? cached
        guard let candidate, access(candidate.string, R_OK) == 0 else { return nil }
        return candidate
    }()

    package static let absence =
        "needs the model \(fileName) in ~/.cache/kerf, where make test puts it, or at KERF_TEST_GGUF"

    private static var cached: FilePath? {
        let cache = variable("XDG_CACHE_HOME") ?? variable("HOME").map { $0 + "/.cache" }
        return cache.map { FilePath($0).appending("kerf").appending(fileName) }
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
