import FoundationEssentials
import Glibc
import SystemPackage

/// All kinds of input, and the one of this process.
///
/// The kind is in the environment and not in the input: libFuzzer restarts itself to shrink a case or to merge
/// corpora, and a case is then exactly the file that Kerf would read.
enum Kinds {
    static let all: [any InputKind] = [
        ProfileKind(), CalibrationKind(), ScenarioKind(), TraceKind(), LinkKind(), CaptureKind(), PowercapKind(),
        GGUFKind(), SafetensorsKind(), ConfigKind(),
    ]

    static let chosen: any InputKind = {
        let asked = variable("KERF_FUZZ_KIND") ?? ""
        guard let kind = all.first(where: { $0.name == asked }) else {
            fail("KERF_FUZZ_KIND must be one of \(all.map(\.name).joined(separator: ", "))")
        }
        return kind
    }()

    static func writeSeedsIfAsked() {
        guard let directory = variable("KERF_FUZZ_SEEDS") else { return }
        do {
            for kind in all { try writeSeeds(of: kind, in: "\(directory)/\(kind.name)") }
        } catch {
            fail("cannot write seeds: \(error)")
        }
        exit(0)
    }

    private static func writeSeeds(of kind: any InputKind, in directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (index, seed) in try kind.seeds().enumerated() {
            try Data(seed).write(to: URL(filePath: "\(directory)/\(index)"))
        }
        let lines = try kind.words().sorted().map { "\"\(escaped($0))\"\n" }
        try Data(lines.joined().utf8).write(to: URL(filePath: "\(directory).dict"))
    }

    /// As libFuzzer's dictionaries want it.
    private static func escaped(_ word: String) -> String {
        word.utf8.map { byte in
            let isPlain = (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            let digits = String(byte, radix: 16)
            return isPlain ? String(UnicodeScalar(byte)) : "\\x" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func fail(_ message: String) -> Never {
        _ = try? FileDescriptor.standardError.writeAll("kerf-fuzz: \(message)\n".utf8)
        exit(64)
    }
}
