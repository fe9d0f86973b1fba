import Foundation
import Testing

/// The built executable, run from outside.
struct KerfProcess {
    struct Outcome {
        var status: Int32
        var standardOutput: String
        var standardError: String

        /// The one line by which a command failed; `nil` when the error stream holds anything but that line, progress
        /// before it, and with a wrong command line the usage after it.
        var failureLine: Substring? {
            var lines = standardError.split(separator: "\n").filter { line in
                // Progress: what is being done, and the time that is left.
                ![
                    "kerf: starting, ", "kerf: roofline, ", "kerf: idle, ", "kerf: warm-up, ", "kerf: measuring, ",
                    "kerf: sweeping ",
                ]
                .contains {
                    line.hasPrefix($0)
                }
            }
            guard let first = lines.first else { return nil }
            if status == 64, first.hasPrefix("Error: ") {
                lines.removeAll { line in ["Usage: kerf ", "  See 'kerf ", "Help:  "].contains { line.hasPrefix($0) } }
            } else if !first.hasPrefix("kerf: error: ") {
                return nil
            }
            return lines.count == 1 ? first : nil
        }
    }

    /// The executable beside the test bundle, which is this process.
    static let executable: URL = {
        let test = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return test.deletingLastPathComponent().appendingPathComponent("kerf")
    }()

    private let process = Process()
    private let output: URL
    private let error: URL

    /// Starts `kerf` with the arguments. Output goes to files, so that a full pipe cannot block it.
    init(_ arguments: [String], environment: [String: String] = [:], in directory: String? = nil) throws {
        let folder = FileManager.default.temporaryDirectory
        let name = "kerf-test-" + UUID().uuidString
        output = folder.appendingPathComponent(name + ".out")
        error = folder.appendingPathComponent(name + ".err")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        _ = FileManager.default.createFile(atPath: error.path, contents: nil)
        process.executableURL = Self.executable
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        // Tests run side by side: their load on each other is no finding.
        process.environment = ProcessInfo.processInfo.environment.merging(["KERF_IGNORE_LOAD": "1"]) { $1 }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: error)
        try process.run()
    }

    var identifier: Int32 { process.processIdentifier }

    var isRunning: Bool { process.isRunning }

    var outputSoFar: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    var errorSoFar: String { (try? String(contentsOf: error, encoding: .utf8)) ?? "" }

    func send(signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end and removes the output files.
    func finish() throws -> Outcome {
        process.waitUntilExit()
        defer {
            try? FileManager.default.removeItem(at: output)
            try? FileManager.default.removeItem(at: error)
        }
        return Outcome(
            status: process.terminationStatus,
            standardOutput: try String(contentsOf: output, encoding: .utf8),
            standardError: try String(contentsOf: error, encoding: .utf8))
    }

    static func run(
        _ arguments: String..., environment: [String: String] = [:], in directory: String? = nil
    ) throws -> Outcome {
        try KerfProcess(arguments, environment: environment, in: directory).finish()
    }
}

/// A directory of its own for one test, removed with it.
final class Workspace {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("kerf-test-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(name)) }

    func json(_ name: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: bytes(name)) as? [String: Any] ?? [:]
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try text.write(to: url.appendingPathComponent(name), atomically: true, encoding: .utf8)
        return path(name)
    }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: url.path).sorted()) ?? [] }

    /// What a command prints in this folder; it must end well.
    func kerf(_ arguments: [String]) throws -> String {
        let outcome = try KerfProcess(arguments, in: url.path).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        return outcome.standardOutput
    }

    /// Profiles ``tinyModel(_:blocks:)`` for half a second.
    func tinyProfile(_ name: String, _ options: [String]) throws -> String {
        try kerf(
            [
                "profile", "--model", "tiny.json", "--seq", "16", "--threads", "1", "--budget", "0.5", "--quiet",
                "--out",
                name,
            ] + options)
    }

    /// A Llama of a few thousand parameters, so that a step takes no time.
    func tinyModel(_ name: String = "tiny.json", blocks: Int = 3) throws -> String {
        try write(
            name,
            """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
             "num_hidden_layers": \(blocks), "num_attention_heads": 4, "num_key_value_heads": 2,
             "intermediate_size": 128, "vocab_size": 256, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
             "hidden_act": "silu", "tie_word_embeddings": true, "max_position_embeddings": 512}
            """)
    }
}
