import CARD
import Calibration
import Foundation
import Quantities
import SystemIO
import TestSupport
import Testing

@testable import CommandSupport

/// `kerf decide` with several devices and servers, from outside.
struct DecidePairsTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static let link = ["--link", "up=20mbit,down=80mbit,rtt=20ms"]

    /// Writes a calibration of a box whose blocks take so long.
    @discardableResult
    private func box(
        _ name: String, _ blockSeconds: Double, blocks: Int = 4, memory: Int? = nil
    ) throws -> String {
        var planted = SyntheticProfile()
        (planted.blocks, planted.blockSeconds, planted.headSeconds) = (blocks, blockSeconds, 2.5 * blockSeconds)
        var calibration = try Calibration.planted(planted)
        if let memory { calibration.plantMemory(megabytes: memory) }
        try workspace.write("\(name).json", String(decoding: try KerfJSON.encode(calibration), as: UTF8.self))
        return "\(name).json"
    }

    private func decide(_ arguments: [String]) throws -> KerfProcess.Outcome {
        try KerfProcess(["decide"] + arguments, in: workspace.url.path).finish()
    }

    private func decisions(_ name: String = "decisions.json") throws -> Decisions {
        try KerfJSON.read(Decisions.self, at: workspace.path(name)).file
    }

    /// Rows of the first table, as words.
    private func rows(_ text: String) -> [[Substring]] {
        text.split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.hasPrefix("-----") }.dropFirst()
            .prefix { !$0.isEmpty }.map { $0.split(separator: " ") }
    }

    @Test func twoDevicesAndThreeServersAreSixRowsInTheirOrder() throws {
        for (name, seconds) in [("phone", 0.05), ("pi", 0.09), ("edge", 0.006), ("cloud", 0.003), ("old", 0.03)] {
            try box(name, seconds)
        }
        let files = ["--device", "phone.json", "pi.json", "--server", "edge.json", "cloud.json", "old.json"]
        let outcome = try decide(files + Self.link + ["--out", "decisions.json"])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let rows = rows(outcome.standardOutput)
        #expect(
            rows.map { $0.prefix(2).joined(separator: " ") } == [
                "phone edge", "phone cloud", "phone old", "pi edge", "pi cloud", "pi old",
            ], "\(outcome.standardOutput)")
        let file = try decisions()
        #expect(file.devices.map(\.name) == ["phone", "pi"] && file.servers.map(\.name) == ["edge", "cloud", "old"])
        // Two of the six lines, one for each device, are marked.
        for (device, choice) in file.deviceChoices.enumerated() {
            for server in 0..<3 {
                let isMarked = rows[3 * device + server].joined(separator: " ").contains("<- least cost")
                #expect(isMarked == (choice.server == server), "\(outcome.standardOutput)")
            }
        }
        #expect(outcome.standardOutput.contains("all devices in turn with"))
        #expect(outcome.standardOutput.hasSuffix("written: decisions.json\n"))

        // The same, with the option repeated, as JSON, and without a file.
        let repeated = try decide(
            ["--device", "phone.json", "--device", "pi.json", "--server", "edge.json", "--server", "cloud.json"]
                + ["--server", "old.json", "--json"] + Self.link)
        #expect(repeated.status == 0, "\(repeated.standardError)")
        #expect(Data(repeated.standardOutput.utf8) == (try workspace.bytes("decisions.json")))
        if SchemaChecker.isPossible {
            #expect(
                try SchemaChecker.faults(in: [UInt8](try workspace.bytes("decisions.json")), schema: "decisions") == [])
        }
    }

    /// A pair in the table is what `kerf decide` makes of the pair alone, to the byte.
    @Test func aPairIsTheDecisionOfItsBoxesAlone() throws {
        for (name, seconds) in [("a", 0.05), ("b", 0.02), ("s", 0.006)] { try box(name, seconds) }
        #expect(
            try decide(["--device", "a.json", "b.json", "--server", "s.json", "--out", "decisions.json"] + Self.link)
                .status == 0)
        for (place, name) in ["a", "b"].enumerated() {
            #expect(
                try decide(["--device", "\(name).json", "--server", "s.json", "--out", "one.json"] + Self.link).status
                    == 0)
            let pair = try #require(try decisions().pairs[place].decision)
            #expect(Data(try KerfJSON.encode(pair)) == (try workspace.bytes("one.json")))
        }
    }

    @Test func aPairThatCannotBeDecidedIsARowWithItsReason() throws {
        try box("phone", 0.05)
        try box("other", 0.05, blocks: 6)
        try box("edge", 0.006)
        let files = ["--device", "phone.json", "other.json", "--server", "edge.json"]
        let outcome = try decide(files + Self.link + ["--out", "decisions.json"])
        #expect(outcome.status == 0 && outcome.standardError.isEmpty, "\(outcome.standardError)")
        let row = rows(outcome.standardOutput)[1].joined(separator: " ")
        #expect(row.hasPrefix("other edge n/a n/a") && row.contains("not decided: "), "\(row)")
        #expect(row.contains("not of the same training step"), "\(row)")
        #expect(outcome.standardOutput.contains("without other, which no server can take"))
        #expect(try decisions().pairs[1].decision == nil)

        let none = try decide(["--device", "other.json", "other.json", "--server", "edge.json", "--json"] + Self.link)
        #expect(none.status == 65 && none.standardOutput.isEmpty, "\(none.standardError)")
        #expect(none.failureLine?.contains("none of the 2 pairs can be decided; other #1 with edge") == true)
    }

    @Test func oneFileMayStandForSeveralBoxes() throws {
        try box("phone", 0.05)
        try box("edge", 0.006)
        let outcome = try decide(
            ["--device"] + Array(repeating: "phone.json", count: 5) + ["--server", "edge.json", "edge.json"]
                + Self.link + ["--out", "decisions.json"])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let file = try decisions()
        #expect(file.devices.map(\.name) == (1...5).map { "phone #\($0)" })
        #expect(file.pairs.count == 10 && Set(file.pairs.compactMap(\.cost)).count == 1)
        let (one, all) = (file.pairs[0].decision, file.round.servers[0].delaySeconds.value)
        let seconds = one?.cuts.first { $0.cut == one?.choice.cut }?.delaySeconds.value
        #expect(abs(try #require(all) - 5 * (try #require(seconds))) < 1e-9)
    }

    @Test func linksAreOfAllOrOfDevicesOrOfPairs() throws {
        for (name, seconds) in [("a", 0.05), ("b", 0.02), ("s", 0.006), ("t", 0.004)] { try box(name, seconds) }
        let files = ["--device", "a.json", "b.json", "--server", "s.json", "t.json", "--out", "decisions.json"]
        func links(_ count: Int) -> [String] { (1...count).map { "up=\($0)0mbit,down=80mbit,rtt=20ms" } }
        for (count, rates) in [(1, [1, 1, 1, 1]), (2, [1, 1, 2, 2]), (4, [1, 2, 3, 4])] {
            for arguments in [["--link"] + links(count), links(count).flatMap { ["--link", $0] }] {
                let outcome = try decide(files + arguments)
                #expect(outcome.status == 0, "\(outcome.standardError)")
                let found = try decisions().pairs.compactMap { $0.decision?.link.uplinkBitsPerSecond }
                #expect(found == rates.map { Double($0) * 1e7 })
            }
        }
        for count in [3, 5] {
            let refused = try decide(files + ["--link"] + links(count))
            #expect(refused.status == 64, "\(refused.standardError)")
            #expect(refused.failureLine?.contains("--link names \(count) links") == true, "\(refused.standardError)")
        }
        let two = try decide(["--device", "a.json", "--server", "s.json", "--link"] + links(2))
        #expect(two.status == 64 && two.failureLine?.contains("--link names 2") == true, "\(two.standardError)")
    }

    @Test func memoryAndPowerAreOfAllOrOfEach() throws {
        try box("a", 0.05, memory: 100)
        try box("b", 0.02, memory: 100)
        try box("s", 0.006, memory: 100)
        let files = ["--device", "a.json", "b.json", "--server", "s.json", "--out", "decisions.json"] + Self.link
        let outcome = try decide(files + ["--device-memory", "250mb", "4gb", "--server-power", "65"])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(try decisions().pairs.map { $0.decision?.limits.deviceMemoryBytes } == [2.5e8, 4e9])
        let wrong = [
            ["--device-memory", "1gb", "2gb", "3gb"], ["--server-memory", "1gb", "2gb"], ["--server-power", "5", "6"],
        ]
        for options in wrong {
            let refused = try decide(files + options)
            #expect(refused.status == 64, "\(refused.standardError)")
            #expect(refused.failureLine?.contains(options[0]) == true, "\(refused.standardError)")
        }
        // No cut fits: the other device is decided all the same.
        let full = try decide(files + ["--device-memory", "250mb", "4gb", "--server-memory", "250mb"])
        #expect(full.status == 0 && full.standardOutput.contains("no cut is allowed"), "\(full.standardOutput)")
    }

    @Test func badInputsAreOneLineAndWriteNothing() throws {
        try box("a", 0.05)
        try box("s", 0.006)
        let pair = ["--device", "a.json", "a.json", "--server", "s.json"]
        for (status, arguments) in [
            (66, ["--device", "a.json", "missing.json", "--server", "s.json"] + Self.link),
            (64, pair), (64, ["--device", "--server", "s.json"] + Self.link),
            (64, pair + Self.link + ["--weight", "2"]), (64, pair + Self.link + ["--min-cut", "9"]),
            (64, pair + Self.link + ["--micro-batches", "3"]),
            (73, pair + Self.link + ["--out", "s.json"]), (73, pair + Self.link + ["--out", "no-such/d.json"]),
        ] as [(Int32, [String])] {
            let names = workspace.names
            let outcome = try decide(arguments)
            #expect(outcome.status == status, "\(arguments): \(outcome.standardError)")
            #expect(outcome.failureLine != nil, "\(outcome.standardError)")
            #expect(workspace.names == names && outcome.standardOutput.isEmpty)
        }
        let other = try decide(pair + Self.link + ["--out", "decisions.json"])
        #expect(other.status == 0, "\(other.standardError)")
        let refused = try decide(["--device", "decisions.json", "--server", "s.json"] + Self.link)
        #expect(refused.status == 65 && refused.failureLine?.contains("kerf.decisions") == true)
    }

    @Test(arguments: [
        (["a.json"], ["a"]), (["x/a.json", "y/b.json"], ["a", "b"]),
        (["x/a.json", "y/a.json"], ["x/a.json", "y/a.json"]), (["a.json", "a.json", "b"], ["a #1", "a #2", "b"]),
        (["x/a.json", "y/a.json", "x/a.json"], ["x/a.json #1", "y/a.json", "x/a.json #2"]), (["/"], ["/"]),
    ]) func boxesAreNamedByTheirFiles(paths: [String], names: [String]) {
        #expect(BoxValues.names(ofFiles: paths) == names)
    }
}
