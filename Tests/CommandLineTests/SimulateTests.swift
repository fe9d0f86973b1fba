import Calibration
import Foundation
import SystemIO
import TestSupport
import Testing

/// `kerf simulate` from outside: reproducible, valid by its schema, one clear line for every bad scenario.
struct SimulateTests {
    private static var shipped: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Profiles/scenarios/five-devices.json")
    }

    /// The shipped scenario with one place changed.
    private func scenario(_ workspace: Workspace, _ from: String, _ to: String) throws -> String {
        let text = try String(contentsOf: Self.shipped, encoding: .utf8)
        let range = try #require(text.range(of: from), "no \(from)")
        return try workspace.write("scenario.json", text.replacingCharacters(in: range, with: to))
    }

    @Test func theSameSeedsGiveTheSameBytes() throws {
        let workspace = try Workspace()
        for name in ["a", "b"] {
            let outcome = try KerfProcess.run(
                "simulate", "--rounds", "5", "--seeds", "3", "--devices", "1500", "--front", "3", "--out",
                workspace.path(name + ".json"), "--csv", workspace.path(name + ".csv"))
            #expect(outcome.status == 0, "\(outcome.standardError)")
            #expect(outcome.standardOutput.hasPrefix("SIMULATED"))
        }
        #expect(try workspace.bytes("a.json") == workspace.bytes("b.json"))
        #expect(try workspace.bytes("a.csv") == workspace.bytes("b.csv"))
        let lines = String(decoding: try workspace.bytes("a.csv"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 1 + 3 * 5 * 7)
    }

    @Test(.requires(.jsonschema)) func filesAreWhatTheirSchemasSay() throws {
        #expect(try SchemaChecker.faults(in: [UInt8](Data(contentsOf: Self.shipped)), schema: "scenario") == [])
        for options in [["--seeds", "1"], ["--seeds", "2", "--front", "2", "--level", "E", "--state", "mixed"]] {
            let outcome = try KerfProcess(["simulate", "--rounds", "2", "--json"] + options).finish()
            #expect(outcome.status == 0, "\(outcome.standardError)")
            let bytes = Array(outcome.standardOutput.utf8)
            #expect(try SchemaChecker.faults(in: bytes, schema: "simulation") == [])
            #expect(
                !(try SchemaChecker.faults(
                    in: bytes, changing: "\"card\"", to: "\"cards\"", schema: "simulation"
                ).isEmpty))
        }
    }

    @Test(arguments: [
        ("\"schema_version\": 2", "\"schema_version\": 9", "version 9"),
        ("\"weight\": 0.5", "\"weight\": 1.5", "weight must be between 0 and 1"),
        ("\"weight\": 0.5", "\"weight\": NaN", "not valid JSON"),
        ("\"bandwidth_hertz\": 20000000.0", "\"bandwidth_hertz\": -1", "bandwidth_hertz must be above 0"),
        ("\"uplink_watts\": 0.2", "\"uplink_watts\": 0", "uplink_watts must be above 0"),
        ("\"operations_per_second\": 365200000000.0", "\"operations_per_second\": -5", "not above zero"),
        ("\"model\": \"llama-3.2-1b\"", "\"model\": \"no-such\"", "no such model"),
        ("\"steps\": 10", "\"steps\": 0", "steps must be between"),
        ("\"devices\": [", "\"devices\": [], \"x\": [", "devices is empty"),
        ("\"round_trip_seconds\": 0.01", "\"round_trip_seconds\": -1", "round_trip_seconds"),
        ("\"q\"", "\"w\"", "lora_targets"),
        ("\"steps\": 10", "\"steps\": 10, \"micro_batches\": 3", "micro_batches must divide the batch of 4"),
        ("\"steps\": 10", "\"steps\": 10, \"minimum_cut\": -1", "minimum_cut must be between"),
        ("\"steps\": 10", "\"steps\": 10, \"minimum_cut\": 17", "between 0 and 16, the model's blocks"),
        ("\"rated\": {", "\"memory_bytes\": -1, \"rated\": {", "memory_bytes"),
        ("\"rated\": {", "\"rated\": null, \"calibration\": \"gone.json\", \"y\": {", "gone.json"),
    ]) func badScenariosAreOneLine(_ change: (from: String, to: String, says: String)) throws {
        let workspace = try Workspace()
        let path = try scenario(workspace, change.from, change.to)
        let outcome = try KerfProcess.run("simulate", "--scenario", path, "--out", workspace.path("out.json"))
        #expect([65, 66].contains(outcome.status), "\(outcome.status) \(outcome.standardError)")
        #expect(outcome.failureLine?.contains(change.says) == true, "\(outcome.standardError)")
        // Other errors name the file that is missing.
        if outcome.status == 65 { #expect(outcome.failureLine?.contains(path) == true, "\(outcome.standardError)") }
        #expect(!workspace.exists("out.json"))
    }

    @Test func memoryPrivacyAndOverlapBindAScenario() throws {
        let workspace = try Workspace()
        func run(_ change: (inout [String: Any]) throws -> Void) throws -> (cuts: [Int], middleSeconds: Double) {
            var json = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: Self.shipped)) as? [String: Any])
            try change(&json)
            let bytes = try JSONSerialization.data(withJSONObject: json)
            if SchemaChecker.isPossible {
                #expect(try SchemaChecker.faults(in: [UInt8](bytes), schema: "scenario") == [])
            }
            let path = try workspace.write("scenario.json", String(decoding: bytes, as: UTF8.self))
            let outcome = try KerfProcess.run(
                "simulate", "--scenario", path, "--level", "E", "--rounds", "3", "--seeds", "2", "--out",
                workspace.path("out.json"))
            #expect(outcome.status == 0, "\(outcome.standardError)")
            let result = try workspace.json("out.json")
            let policies = try #require(result["policies"] as? [[String: Any]])
            let middle = try #require(policies.first { $0["policy"] as? String == "middle_cut" })
            let seconds = try #require((middle["delay_seconds"] as? [String: Any])?["value"] as? Double)
            return (try #require(result["cut_counts"] as? [Int]), seconds)
        }
        // By energy alone a device takes all that it may.
        let free = try run { $0["weight"] = 0.0 }
        #expect(free.cuts.last == 30 && free.cuts.dropLast().allSatisfy { $0 == 0 }, "\(free.cuts)")
        let capped = try run { json in
            json["weight"] = 0.0
            var devices = try #require(json["devices"] as? [[String: Any]])
            for index in devices.indices { devices[index]["memory_bytes"] = 4e9 }
            json["devices"] = devices
        }
        #expect(capped.cuts[0] == 0 && capped.cuts[16] == 0 && capped.cuts.contains(30), "\(capped.cuts)")
        let secret = try run { json in
            json["weight"] = 1.0
            json["minimum_cut"] = 4
        }
        #expect(secret.cuts[..<4].allSatisfy { $0 == 0 } && secret.cuts.reduce(0, +) == 30, "\(secret.cuts)")
        let overlapping = try run { $0["micro_batches"] = 4 }
        #expect(overlapping.middleSeconds < 0.98 * free.middleSeconds, "\(overlapping) \(free)")
        let text = String(decoding: try workspace.bytes("out.json"), as: UTF8.self)
        #expect(text.contains("overlap over 4 micro-batches"))
    }

    @Test func calibrationsOfAnotherModelOrSchemaAreRefused() throws {
        let workspace = try Workspace()
        var calibration = try Calibration.planted(SyntheticProfile())
        let path = try scenario(
            workspace, "\"rated\": {", "\"calibration\": \"server.json\", \"rated\": null, \"y\": {")
        func refusal() throws -> KerfProcess.Outcome {
            try workspace.write("server.json", String(decoding: try KerfJSON.encode(calibration), as: UTF8.self))
            return try KerfProcess.run("simulate", "--scenario", path, "--out", workspace.path("out.json"))
        }
        var outcome = try refusal()
        #expect(outcome.status == 65, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains("is a calibration of") == true, "\(outcome.standardError)")
        calibration.schemaVersion = 99
        outcome = try refusal()
        #expect(outcome.status == 65, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains("version 99") == true, "\(outcome.standardError)")
        #expect(!workspace.exists("out.json"))
    }

    @Test func oneFileForTwoResultsIsRefused() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "simulate", "--rounds", "2", "--seeds", "1", "--out", workspace.path("same"), "--csv",
            workspace.path("./same"))
        #expect(outcome.status == 64 && outcome.failureLine?.contains("--out and --csv name the same file") == true)
        #expect(!workspace.exists("same"))
    }

    @Test func anUnknownScenarioListsTheKnownOnes() throws {
        let outcome = try KerfProcess.run("simulate", "--scenario", "six-devices")
        #expect(outcome.status == 66)
        #expect(outcome.failureLine?.contains("five-devices") == true, "\(outcome.standardError)")
    }

    @Test(arguments: [
        ["--weight", "1.5"], ["--weight", "nan"], ["--devices", "0"], ["--rounds", "0"], ["--seeds", "0"],
        ["--front", "1"], ["--level", "F"], ["--state", "bad"],
    ]) func badOptionsAreUsageErrors(_ option: [String]) throws {
        let outcome = try KerfProcess(["simulate"] + option).finish()
        #expect(outcome.status == 64, "\(outcome.standardError)")
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
    }
}
