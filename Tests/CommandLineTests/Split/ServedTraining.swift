import Foundation
import Testing

/// A server of a tiny model on loopback, and what its devices need.
final class ServedTraining {
    let workspace: Workspace
    private(set) var server: KerfProcess
    private(set) var address: String
    private let keys: Bool

    /// - Parameter keys: whether the connection is TLS with keys of `device` and `other`.
    init(keys: Bool = false, options: [String] = []) throws {
        workspace = try Workspace()
        self.keys = keys
        _ = try workspace.tinyModel()
        // Every id of the vocabulary, in an order that does not repeat soon.
        try workspace.write("data.ids", (0..<4000).map { "\(($0 * $0 + 7 * $0) % 251)" }.joined(separator: " "))
        if keys {
            for arguments in [
                ["init", "--out", "keys"], ["device", "device", "--keys", "keys"],
                ["device", "other", "--keys", "keys"],
            ] {
                let outcome = try KerfProcess(["keys"] + arguments, in: workspace.url.path).finish()
                try #require(outcome.status == 0, "\(outcome.standardError)")
            }
        }
        (server, address) = try Self.start(workspace, listen: "127.0.0.1:0", keys: keys, options: options)
    }

    deinit {
        server.send(signal: SIGKILL)
        _ = try? server.finish()
    }

    private static func start(
        _ workspace: Workspace, listen: String, keys: Bool, options: [String]
    ) throws -> (KerfProcess, String) {
        let server = try KerfProcess(
            ["serve", "--model", "tiny.json", "--listen", listen, "--state", "state", "--threads", "1", "--json"]
                + (keys ? ["--keys", "keys"] : ["--insecure"]) + options, in: workspace.url.path)
        let prefix = "{\"address\":\""
        while server.isRunning {
            let first = server.outputSoFar.split(separator: "\n").first { $0.contains("listening") }
            if let start = first?.firstRange(of: prefix),
                let address = first?[start.upperBound...].prefix(while: { $0 != "\"" })
            {
                return (server, String(address))
            }
            usleep(10_000)
        }
        let outcome = try server.finish()
        throw KerfFailure(description: outcome.standardError)
    }

    struct KerfFailure: Error, CustomStringConvertible { let description: String }

    static let settings = [
        "--model", "tiny.json", "--data", "data.ids", "--batch", "4", "--seq", "16", "--steps", "6", "--turn-steps",
        "2",
        "--micro-batches", "2", "--lr", "0.01", "--clip", "0.5", "--threads", "1", "--quiet",
    ]

    /// Starts a device.
    func device(_ options: [String], out: String = "split", name: String = "device") throws -> KerfProcess {
        try KerfProcess(
            ["train", "--server", address, "--out", out] + Self.settings
                + (keys ? ["--keys", "keys/\(name)"] : ["--insecure"]) + options, in: workspace.url.path)
    }

    /// The whole model in one process.
    func unsplit(_ options: [String] = []) throws {
        let outcome = try KerfProcess(
            ["train", "--unsplit", "--out", "unsplit"] + Self.settings + options, in: workspace.url.path
        ).finish()
        try #require(outcome.status == 0, "\(outcome.standardError)")
    }

    /// The adapters and the losses of a training.
    func result(_ folder: String) throws -> (adapters: Data, losses: [Double]) {
        let losses = try workspace.json(folder + "/run.json")["losses"] as? [Double]
        return (
            try workspace.bytes(folder + "/adapters/adapter_model.safetensors"), try #require(losses)
        )
    }

    /// Kills the server and starts it again at the same address.
    func restart() throws {
        server.send(signal: SIGKILL)
        _ = try server.finish()
        (server, address) = try Self.start(workspace, listen: address, keys: keys, options: [])
    }
}
