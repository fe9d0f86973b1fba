import Calibration
import Foundation
import SystemIO
import TestSupport
import Testing

/// `kerf decide` from outside, on synthetic calibrations.
struct DecideTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// Writes both sides, and has the built executable decide by delay alone.
    private func decide(_ device: Calibration, _ server: Calibration, _ options: String...) throws -> [String: Any] {
        let outcome = try run(device, server, options)
        #expect(outcome.status == 0, "\(outcome.standardError)")
        return try workspace.json("decision.json")
    }

    private func run(_ device: Calibration, _ server: Calibration, _ options: [String]) throws -> KerfProcess.Outcome {
        var paths: [String] = []
        for (name, calibration) in [("device.json", device), ("server.json", server)] {
            paths.append(
                try workspace.write(name, String(decoding: try KerfJSON.encode(calibration), as: UTF8.self)))
        }
        return try KerfProcess(
            [
                "decide", "--device", paths[0], "--server", paths[1], "--link", "up=1gbit,down=1gbit,rtt=0ms",
                "--weight", "1", "--out", workspace.path("decision.json"),
            ] + options
        ).finish()
    }

    private func finding(_ decision: [String: Any], _ assumption: String) throws -> [String: Any] {
        let findings = try #require(decision["findings"] as? [[String: Any]])
        return try #require(findings.first { $0["assumption"] as? String == assumption })
    }

    private func choice(_ decision: [String: Any]) throws -> (cut: Int, kind: String) {
        let choice = try #require(decision["choice"] as? [String: Any])
        return (try #require(choice["cut"] as? Int), try #require(choice["kind"] as? String))
    }

    /// The paper's form takes an endpoint, as it must.
    private func expectEndpointByThePaper(_ decision: [String: Any]) throws {
        let levels = try #require(decision["levels"] as? [[String: Any]])
        #expect([0, 8].contains(try #require(levels.first?["cut"] as? Int)))
    }

    @Test func aHeavyHeadMovesTheCutInsideAndIsTheReason() throws {
        var (device, server) = (SyntheticProfile(), SyntheticProfile())
        (device.blocks, device.blockSeconds, device.headSeconds) = (8, 0.004, 0.5)
        (server.blocks, server.blockSeconds, server.headSeconds, server.embeddingSeconds) = (8, 0.008, 0.02, 0.004)
        let decision = try decide(.planted(device), .planted(server))
        #expect(try choice(decision) == (7, "split"))
        try expectEndpointByThePaper(decision)
        let layers = try finding(decision, "identical_layers")
        #expect(layers["verdict"] as? String == "fails")
        #expect(layers["changes_decision"] as? Bool == true)
        #expect(((layers["deviation"] as? [String: Any])?["reason"] as? String)?.contains("head") == true)
        #expect((layers["regret"] as? Double ?? 0) > 0)
    }

    @Test func aMemoryCapMovesTheCutInsideAndIsTheReason() throws {
        var (device, server) = (SyntheticProfile(), SyntheticProfile())
        (device.blocks, device.blockSeconds, device.headSeconds) = (8, 0.004, 0.01)
        (server.blocks, server.blockSeconds, server.headSeconds) = (8, 0.04, 0.1)
        var (a, b) = (try Calibration.planted(device), try Calibration.planted(server))
        a.plantMemory(megabytes: 100)
        b.plantMemory(megabytes: 100)
        // Embedding and five blocks of 100 MB each.
        let decision = try decide(a, b, "--device-memory", "650mb")
        #expect(try choice(decision) == (5, "split"))
        try expectEndpointByThePaper(decision)
        let cuts = try #require(decision["cuts"] as? [[String: Any]])
        for cut in cuts.indices {
            #expect((cuts[cut]["exclusion"] as? String)?.contains("of the device's 650 MB") == (cut > 5 ? true : nil))
        }
        let memory = try finding(decision, "free_memory")
        #expect(memory["verdict"] as? String == "fails")
        #expect((memory["obstacle"] as? String)?.contains("needs 900 MB") == true)
        // Without the cap the device takes all.
        #expect(try choice(decide(a, b)).cut == 8)
    }

    @Test func overlapMovesTheCutInsideAndIsTheReason() throws {
        var planted = SyntheticProfile()
        (planted.blocks, planted.blockSeconds, planted.headSeconds, planted.embeddingSeconds) = (8, 0.02, 0.02, 0.001)
        let calibration = try Calibration.planted(planted)
        let decision = try decide(calibration, calibration, "--micro-batches", "2")
        #expect(try choice(decision).kind == "split")
        try expectEndpointByThePaper(decision)
        let overlap = try finding(decision, "no_overlap")
        #expect(overlap["verdict"] as? String == "fails")
        #expect(overlap["changes_decision"] as? Bool == true)
        #expect((overlap["regret"] as? Double ?? 0) > 0)
        #expect(try choice(decide(calibration, calibration)).kind != "split")
    }

    @Test func theTableShowsWhyTheCutIsInside() throws {
        var (device, server) = (SyntheticProfile(), SyntheticProfile())
        (device.blocks, device.blockSeconds, device.headSeconds) = (8, 0.004, 0.5)
        (server.blocks, server.blockSeconds, server.headSeconds) = (8, 0.008, 0.02)
        let outcome = try run(.planted(device), .planted(server), [])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let line = outcome.standardOutput.split(separator: "\n").first { $0.contains("all layers are identical") }
        #expect(line?.contains("fails") == true, "\(outcome.standardOutput)")
    }

    @Test func calibrationsOfAnotherModelOrSchemaAreRefused() throws {
        var other = SyntheticProfile()
        other.blocks = 5
        let (mine, theirs) = (try Calibration.planted(SyntheticProfile()), try Calibration.planted(other))
        let refused = try run(mine, theirs, [])
        #expect(refused.status == 65, "\(refused.standardError)")
        #expect(refused.failureLine?.contains("not of the same training") == true, "\(refused.standardError)")

        var future = mine
        future.schemaVersion = 99
        let tooNew = try run(mine, future, [])
        #expect(tooNew.status == 65, "\(tooNew.standardError)")
        #expect(tooNew.failureLine?.contains("version 99") == true, "\(tooNew.standardError)")
        #expect(!workspace.exists("decision.json"))
    }

    /// A declared rate must not be shown as measured.
    @Test func aDeclaredLinkIsShownAsDeclared() throws {
        let sides = [try Calibration.planted(SyntheticProfile()), try .planted(SyntheticProfile())]
        let declared = try run(sides[0], sides[1], [])
        #expect(declared.standardOutput.contains("round trip 0 s (declared, not measured)"))
        let link = try #require(try workspace.json("decision.json")["link"] as? [String: Any])
        #expect(link["origin"] as? String == "modelled" && link["source"] == nil)
    }
}
