import Foundation
import TestSupport
import Testing

/// `kerf selftest estimator` from outside.
struct SelftestTests {
    private func intervals(_ workspace: Workspace) throws -> String {
        let rows = (0..<200).map { "\($0),\(0.9 + 0.001 * Double($0))" }
        return try workspace.write("intervals.csv", "row,package_ms\n" + rows.joined(separator: "\n"))
    }

    @Test func reportsWhatWasPlantedAndFound() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "selftest", "estimator", "--update-intervals", try intervals(workspace), "--column", "package_ms",
            "--power",
            "15", "--idle", "5", "--layer-ms", "3", "--jitter", "2%", "--budget-s", "2", "--trials", "8", "--seed", "1",
            "--json", "--out", workspace.path("report.json"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(Array(outcome.standardOutput.utf8) == [UInt8](try workspace.bytes("report.json")))
        let report = try workspace.json("report.json")
        #expect(report["origin"] as? String == "simulated")
        #expect(abs(((report["gross"] as? [String: Any])?["truth_joules"] as? Double ?? 0) - 0.045) < 1e-12)
        #expect(((report["net"] as? [String: Any])?["median_absolute_error"] as? Double ?? 1) < 0.01)
        if SchemaChecker.isPossible {
            let bytes = [UInt8](try workspace.bytes("report.json"))
            #expect(try SchemaChecker.faults(in: bytes, schema: "selftest") == [])
            #expect(
                !(try SchemaChecker.faults(in: bytes, changing: "\"verdict\"", to: "\"word\"", schema: "selftest")
                    .isEmpty))
        }
    }

    @Test func saysSimulatedAndTheVerdict() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "selftest", "estimator", "--update-intervals", try intervals(workspace), "--trials", "4", "--budget-s", "1")
        #expect(outcome.status == 0)
        #expect(outcome.standardOutput.hasPrefix("SIMULATED"))
        #expect(outcome.standardOutput.contains("verdict   right"))
    }

    private static let badInputs: [([String], Int32)] = [
        (["--column", "nothing"], 65), (["--power", "3"], 64), (["--layer-ms", "0"], 64), (["--jitter", "much"], 64),
        (["--budget-s", "nan"], 64), (["--trials", "0"], 64), (["--resolution=-1"], 64),
        (["--update-intervals", "missing.csv"], 66), (["--out", "/"], 73),
    ]

    @Test(arguments: badInputs)
    func badInputIsOneLine(arguments: [String], status: Int32) throws {
        let workspace = try Workspace()
        var line = ["selftest", "estimator", "--trials", "2"]
        if arguments[0] != "--update-intervals" { line += ["--update-intervals", try intervals(workspace)] }
        let outcome = try KerfProcess(line + arguments).finish()
        #expect(outcome.status == status, "\(outcome.standardError)")
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
    }
}
