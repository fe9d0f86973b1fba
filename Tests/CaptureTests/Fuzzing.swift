import Foundation
import SystemPackage

/// How long the archives of captures are damaged, and where their links lead.
enum Fuzzing {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    static let rounds = Int(number("KERF_FUZZ_ROUNDS") ?? 300)
    static let seed = number("KERF_FUZZ_SEED") ?? 1

    /// The file behind links; `nil` where they lead to nothing.
    static func real(_ path: FilePath) -> FilePath? {
        guard let resolved = realpath(path.string, nil) else { return nil }
        defer { free(resolved) }
        return FilePath(String(cString: resolved))
    }
}
