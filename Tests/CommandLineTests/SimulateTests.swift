import Foundation
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

    @Test(.enabled(if: SchemaChecker.isPossible, SchemaChecker.needs)) func filesAreWhatTheirSchemasSay() throws {
        #expect(try SchemaChecker.faults(in: [UInt8](Data(contentsOf: Self.shipped)), schema: "scenario") == [])
        for options in [["--seeds", "1"], ["--seeds", "2", "--front", "2", "--rung", "E", "--state", "mixed"]] {
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
        ("\"schema_version\": 1", "\"schema_version\": 9", "version 9"),
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
        ("\"rated\": {", "\"rated\": null, \"calibration\": \"gone.json\", \"y\": {", "gone.json"),
    ]) func badScenariosAreOneLine(_ change: (from: String, to: String, says: String)) throws {
        let workspace = try Workspace()
        let path = try scenario(workspace, change.from, change.to)
        let outcome = try KerfProcess.run("simulate", "--scenario", path, "--out", workspace.path("out.json"))
        #expect([65, 66].contains(outcome.status), "\(outcome.status) \(outcome.standardError)")
        #expect(outcome.failureLine?.contains(change.says) == true, "\(outcome.standardError)")
        #expect(!workspace.exists("out.json"))
    }

    @Test func anUnknownScenarioListsTheKnownOnes() throws {
        let outcome = try KerfProcess.run("simulate", "--scenario", "six-devices")
        #expect(outcome.status == 66)
        #expect(outcome.failureLine?.contains("five-devices") == true, "\(outcome.standardError)")
    }

    @Test(arguments: [
        ["--weight", "1.5"], ["--weight", "nan"], ["--devices", "0"], ["--rounds", "0"], ["--seeds", "0"],
        ["--front", "1"], ["--rung", "F"], ["--state", "bad"],
    ]) func badOptionsAreUsageErrors(_ option: [String]) throws {
        let outcome = try KerfProcess(["simulate"] + option).finish()
        #expect(outcome.status == 64, "\(outcome.standardError)")
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
    }
}
