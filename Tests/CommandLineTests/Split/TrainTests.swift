import Foundation
import ModelFiles
import SystemIO
import TestSupport
import Testing

/// Split training from outside.
@Suite(.serialized) struct TrainTests {
    @Test("a split training leaves the bytes of the unsplit one", arguments: [0, 1, 3])
    func splitEqualsUnsplit(cut: Int) throws {
        let training = try ServedTraining(keys: cut == 1)
        try training.unsplit()
        let outcome = try training.device(["--cut", "\(cut)"]).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let (split, whole) = (try training.result("split"), try training.result("unsplit"))
        #expect(split.adapters == whole.adapters)
        #expect(split.losses == whole.losses && split.losses.count == 6)
        let run = [UInt8](try training.workspace.bytes("split/run.json"))
        if SchemaChecker.isPossible { #expect(try SchemaChecker.faults(in: run, schema: "run").isEmpty) }
    }

    @Test("each side recomputes activations or not, with the same bytes", arguments: [false, true])
    func activationCheckpointing(ofServer: Bool) throws {
        let flag = ["--activation-checkpointing"]
        let training = try ServedTraining(options: ofServer ? flag : [])
        try training.unsplit()
        let plain = try training.result("unsplit")
        try FileManager.default.removeItem(atPath: training.workspace.path("unsplit"))
        try training.unsplit(flag)
        let outcome = try training.device(["--cut", "2"] + (ofServer ? [] : flag)).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        for folder in ["unsplit", "split"] {
            let again = try training.result(folder)
            #expect(again.adapters == plain.adapters && again.losses == plain.losses, "\(folder)")
        }
    }

    @Test("both sides keep their weights quantized")
    func quantizedWeights() throws {
        let option = ["--weight-format", "q8_0"]
        let training = try ServedTraining(options: option)
        try training.unsplit()
        let plain = try training.result("unsplit")
        try FileManager.default.removeItem(atPath: training.workspace.path("unsplit"))
        try training.unsplit(option)
        let whole = try training.result("unsplit")
        #expect(whole.losses != plain.losses)
        // A device without it has other weights.
        let other = try training.device(["--cut", "2"]).finish()
        #expect(other.status == 65, "\(other.standardError)")
        #expect(other.failureLine?.contains("in memory: Q8_0") == true, "\(other.standardError)")
        let outcome = try training.device(["--cut", "2"] + option).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let split = try training.result("split")
        #expect(split.adapters == whole.adapters && split.losses == whole.losses)
    }

    @Test func heldOutLossIsThatOfTheUnsplitTraining() throws {
        let training = try ServedTraining()
        let options = ["--validation", "data.ids"]
        try training.unsplit(options)
        let outcome = try training.device(["--cut", "2"] + options).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        for key in ["validation_loss_before", "validation_loss_after"] {
            let split = try #require(training.workspace.json("split/run.json")[key] as? Double)
            let whole = try #require(training.workspace.json("unsplit/run.json")[key] as? Double)
            #expect(abs(split - whole) <= 1e-6 * whole, "\(key): \(split), \(whole)")
        }
    }

    /// Both are wrong about each other in one line, and the server goes on.
    @Test(arguments: [
        (["--cut", "1", "--rank", "4"], "LoRA rank"), (["--cut", "1", "--lr", "0.02"], "learning rate"),
        (["--cut", "1", "--weights-seed", "2"], "weights"), (["--cut", "1", "--seed", "2"], "seed"),
    ]) func aDifferenceIsRefusedByName(options: [String], name: String) throws {
        let training = try ServedTraining()
        #expect(try training.device(["--cut", "1"]).finish().status == 0)
        let outcome = try training.device(options, out: "again").finish()
        #expect(outcome.status == 65, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains(name) == true, "\(outcome.standardError)")
        #expect(!training.workspace.exists("again/run.json"))
        // The training goes on as if nothing had been.
        #expect(try training.device(["--cut", "2"]).finish().status == 0)
    }

    @Test func twoDevicesTakeTurns() throws {
        let training = try ServedTraining(keys: true)
        let devices = try ["device", "other"].map {
            try training.device(["--cut", "1"], out: "of-\($0)", name: $0)
        }
        for device in devices {
            let outcome = try device.finish()
            #expect(outcome.status == 0, "\(outcome.standardError)")
        }
        #expect(try training.result("of-device").losses != training.result("of-other").losses)
    }

    @Test func aRevokedDeviceIsRefused() throws {
        let training = try ServedTraining(keys: true)
        let revoked = try KerfProcess(["keys", "revoke", "other", "--keys", "keys"], in: training.workspace.url.path)
        #expect(try revoked.finish().status == 0)
        let outcome = try training.device(["--cut", "1"], name: "other").finish()
        #expect(outcome.status == 77 && outcome.failureLine?.contains("revoked") == true, "\(outcome.standardError)")
        #expect(try training.device(["--cut", "1"]).finish().status == 0)
    }

    @Test(arguments: [
        ["--cut", "4"], ["--cut", "1", "--data", "none.ids"], ["--cut", "1", "--micro-batches", "3"],
        ["--cut", "1", "--decision", "d.json"], ["--cut", "1", "--shape", "up=1"], ["--cut", "-1"],
        ["--cut", "1", "--seq", "5000"], ["--cut", "1", "--steps", "0"],
    ]) func badInputIsOneLine(options: [String]) throws {
        let training = try ServedTraining()
        let outcome = try training.device(options).finish()
        #expect([64, 65, 66].contains(outcome.status), "\(outcome.standardError)")
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
        #expect(!training.workspace.exists("split/run.json"))
    }

    /// Killed at random moments: the device, the server, both.
    @Test(.requires(.jsonschema)) func killedTrainingsEndWithTheSameBytes() throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../../Scripts/kill-training.py")
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script.path, "--kerf", KerfProcess.executable.path, "--kills", "20"]
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
    }
}
