import CARD
import FoundationEssentials
import Reporting
import Simulation
import Statistics
import SystemIO
import SystemPackage
import TestSupport

/// Scenarios: read with the files that they name, simulated for two rounds, reported and written.
struct ScenarioKind: InputKind {
    let name = "scenarios"

    func seeds() throws -> [[UInt8]] { [try Self.seed(), try Self.withTrace()] }

    func words() throws -> Set<String> {
        try SchemaWords.words(ofSchema: "scenario").union(["\"trace.csv\"", "\"smollm2-135m\"", "\"tinyllama-1.1b\""])
    }

    func attempt(_ bytes: [UInt8]) throws {
        let tree = try FixtureTree()
        try tree.write("trace.csv", "time,up,down\n0,1e6,2e6\n1,2e6,4e6\n2.5,5e5,1e6\n")
        try tree.write("scenario.json", bytes: bytes)
        try Self.run(tree)
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.json(bytes, maximum: maximum, using: &random)
    }

    /// Simulates `scenario.json` of a folder.
    static func run(_ tree: FixtureTree) throws {
        let outcome = try ScenarioRun(deviceCount: 3, roundCount: 2, seedCount: 2, frontPointCount: 2)
            .run(ScenarioFile(tree.file("scenario.json").string))
        Finding.checkReport(outcome.result.report)
        try Finding.checkRoundTrip(outcome.result)
        Finding.checkReport(outcome.csv)
    }

    /// The scenario that ships, with a small model.
    private static func seed() throws -> [UInt8] {
        let file = URL(filePath: #filePath).appending(path: "../../../Profiles/scenarios/five-devices.json")
        let text = String(decoding: try Data(contentsOf: file.standardized), as: UTF8.self)
        return Array(text.replacing("llama-3.2-1b", with: "smollm2-135m").utf8)
    }

    /// The same on the trace of ``attempt(_:)``.
    static func withTrace() throws -> [UInt8] {
        let lines = String(decoding: try seed(), as: UTF8.self).split(separator: "\n")
        guard let start = lines.firstIndex(where: { $0.contains("\"radio\"") }),
            let end = lines[start...].firstIndex(where: { $0.hasPrefix("    }") })
        else { fatalError("the scenario that ships has no radio channel") }
        let trace = ["    \"trace\": {", "      \"file\": \"trace.csv\",", "      \"round_seconds\": 1.5", "    },"]
        return Array(
            (lines[..<start].map(String.init) + trace + lines[(end + 1)...].map(String.init))
                .joined(separator: "\n").utf8)
    }
}

/// Channel traces: CSV of times and rates, on which a fleet is simulated.
struct TraceKind: InputKind {
    let name = "traces"

    private static let scenario = Result { try ScenarioKind.withTrace() }

    func seeds() -> [[UInt8]] {
        [
            "time,up,down\n0,1e6,2e6\n1,2e6,4e6\n2.5,5e5,1e6\n", "0,1000000\n10,2000000\n",
            "s,bit/s\r\n0, 3e6\r\n1, 2e6\r\n", "0,3e6,1e6\n0,2e6,1e6\n1,0,1e6\n2,0,0\n3,1e6,2e6\n",
        ]
        .map { Array($0.utf8) }
    }

    func words() -> Set<String> {
        ["0,", ",1e6", "\r\n", "1e308", "-1", "nan", "inf", "0x1p-1074", "1e-320", "time,up"]
    }

    func attempt(_ bytes: [UInt8]) throws {
        let trace = try Trace(csv: bytes, named: "trace.csv")
        let rates = trace.uplinkBitsPerSecond + trace.downlinkBitsPerSecond
        Finding.require(rates.allSatisfy { $0 >= 0 && $0.isFinite }, "rates of \(rates)")
        let pairs = zip(trace.timesSeconds, trace.timesSeconds.dropFirst())
        Finding.require(pairs.allSatisfy { $0 < $1 }, "times of \(trace.timesSeconds)")
        let tree = try FixtureTree()
        try tree.write("scenario.json", bytes: Self.scenario.get())
        try tree.write("trace.csv", bytes: bytes)
        try ScenarioKind.run(tree)
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.csv(bytes, maximum: maximum, using: &random)
    }
}
