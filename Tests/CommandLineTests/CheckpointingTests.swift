import Foundation
import TestSupport
import Testing

/// `--activation-checkpointing` of benchmarks and profiles, from outside. Trainings have it in TrainTests.
@Suite(.serialized) struct CheckpointingTests {
    private static let flag = "--activation-checkpointing"

    private struct Block: Decodable {
        struct Pass: Decodable { var flops: Double }
        struct Passes: Decodable { var forward, backward: Pass }
        struct Row: Decodable { var kernel, direction: String }
        struct Memory: Decodable { var totalBytes: Int }
        var block: Passes
        var kernels: [Row]
        var memory: Memory
    }

    @Test func aBlocksBackwardPassHasItsForwardPass() throws {
        let workspace = try Workspace()
        _ = try workspace.tinyModel()
        let arguments = [
            "bench", "layer", "--model", "tiny.json", "--seq", "40", "--rounds", "1", "--block-only", "--threads", "1",
        ]
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let blocks = try [[], [Self.flag]].map { more in
            try decoder.decode(Block.self, from: Data(workspace.kerf(arguments + ["--json"] + more).utf8))
        }
        let (plain, again) = (blocks[0].block, blocks[1].block)
        #expect(plain.forward.flops > 0 && again.forward.flops == plain.forward.flops)
        #expect(again.backward.flops == plain.backward.flops + plain.forward.flops)
        // The rotation is a kernel of the forward pass alone.
        let rotations = blocks.map { $0.kernels.contains { $0.kernel == "rope" && $0.direction == "backward" } }
        #expect(rotations == [false, true])
        // One block has nothing to share.
        #expect(blocks[1].memory.totalBytes == blocks[0].memory.totalBytes)
        #expect(try workspace.kerf(arguments + [Self.flag]).contains(" on q,v, activation checkpointing\n"))
    }

    @Test func stepsHaveTheSameLosses() throws {
        let workspace = try Workspace()
        _ = try workspace.tinyModel()
        let losses = try [[], [Self.flag]].map { more in
            try workspace.kerf(
                ["bench", "step", "--model", "tiny.json", "--seq", "16", "--steps", "5"] + more
            ).split(separator: "\n").map { line in
                let step = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Double]
                return try #require(step?["loss"])
            }
        }
        #expect(losses[0].count == 5 && Set(losses[0]).count == 5 && losses[0] == losses[1])
    }

    @Test("a profile says that it has it, and is pooled with none that has it not")
    func profiles() throws {
        let workspace = try Workspace()
        _ = try workspace.tinyModel()
        #expect(try !workspace.tinyProfile("plain.json", []).contains("checkpointing"))
        #expect(
            try workspace.tinyProfile("again.json", [Self.flag]).contains("on q,v, activation checkpointing, f32, "))
        let (plain, again) = (try workspace.json("plain.json"), try workspace.json("again.json"))
        func field(_ profile: [String: Any]) -> Bool? {
            (profile["workload"] as? [String: Any])?["activation_checkpointing"] as? Bool
        }
        #expect(field(plain) == nil && field(again) == true)
        func block(_ profile: [String: Any]) throws -> [String: Any] {
            try #require(profile["layers"] as? [[String: Any]])[1]
        }
        func number(_ profile: [String: Any], _ name: String) throws -> Double {
            let layer = try block(profile)
            let memory = layer["memory"] as? [String: Any]
            return try #require((layer[name] ?? memory?[name]) as? Double)
        }
        #expect(try number(again, "forward_flops") == number(plain, "forward_flops"))
        #expect(
            try number(again, "backward_flops") == number(plain, "backward_flops") + number(plain, "forward_flops"))
        let moved = try number(plain, "activation_bytes") - number(again, "activation_bytes")
        #expect(try moved > 0 && number(again, "scratch_bytes") == number(plain, "scratch_bytes") + moved)
        let times = try #require(again["layer_times"] as? [[String: Any]])
        let backward = try #require(
            times.first { $0["layer"] as? Int == 1 && $0["direction"] as? String == "backward" })
        #expect((backward["kernels"] as? [String: Any])?["rope"] != nil)
        if SchemaChecker.isPossible {
            #expect(try SchemaChecker.faults(in: [UInt8](workspace.bytes("again.json")), schema: "profile") == [])
        }

        let alone = try workspace.kerf(["calibrate", "again.json", "--out", "calibration.json"])
        #expect(alone.contains("activation checkpointing"))
        if SchemaChecker.isPossible {
            let bytes = [UInt8](try workspace.bytes("calibration.json"))
            #expect(try SchemaChecker.faults(in: bytes, schema: "calibration") == [])
        }
        let pooled = try KerfProcess.run(
            "calibrate", "plain.json", "again.json", "--out", "pooled.json", in: workspace.url.path)
        #expect(pooled.status == 65)
        let line = pooled.failureLine ?? ""
        #expect(line.contains("workload.activation_checkpointing is "), "\(pooled.standardError)")
        #expect(!workspace.exists("pooled.json"))
    }
}
