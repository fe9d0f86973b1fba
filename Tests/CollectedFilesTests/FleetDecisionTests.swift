import CARD
import Calibration
import Quantities
import SystemIO
import TestSupport
import Testing

@testable import CollectedFiles

@Suite("Cuts of a fleet")
struct FleetDecisionTests {
    private let fleet: PlantedFleet

    init() throws { fleet = try PlantedFleet() }

    private func planted(_ blockSeconds: Double) -> SyntheticProfile {
        var planted = SyntheticProfile()
        (planted.blockSeconds, planted.headSeconds) = (blockSeconds, 2.5 * blockSeconds)
        return planted
    }

    @Test("decided anew, each cut is that of the two boxes alone, and the server has none") func anew() throws {
        let server = try fleet.write("edge", planted(0.003))
        let devices = ["phone": try fleet.write("phone", planted(0.05)), "pi": try fleet.write("pi", planted(0.09))]
        let decider = FleetDecider(
            server: server, named: "edge.json", link: try PlantedFleet.link(), weight: 0.5, account: .gross)
        let view = try fleet.view(decider)
        for (name, side) in devices {
            let expected = try Decider(link: PlantedFleet.link(), weight: 0.5, account: .gross)
                .decide(device: side, server: server)
            let decision = try #require(try fleet.box(name, of: view).decision)
            #expect(decision == FleetDecision(expected, file: nil))
            #expect(decision.probability != nil && decision.weight == 0.5)
        }
        let edge = try fleet.box("edge", of: view)
        #expect(edge.role == .server && edge.decision == nil && edge.reason(.decision) == "it is the server")
        #expect(edge.state == .fine && view.decider?.serverSha256 == server.sha256 && view.decider?.weight == 0.5)
    }

    @Test("a box that cannot be decided has the reason, and the others are decided") func undecided() throws {
        let server = try fleet.write("edge", planted(0.003))
        try fleet.write("phone", planted(0.05))
        var other = planted(0.05)
        other.blocks = 6
        try fleet.write("other", other)
        try fleet.write(CollectionStatus(outcome: .unreachable, time: "2026-01-02T00:00:00Z"), of: "off")
        let view = try fleet.view(FleetDecider(server: server, named: "edge.json", link: try PlantedFleet.link()))
        #expect(try fleet.box("phone", of: view).decision != nil)
        let box = try fleet.box("other", of: view)
        #expect(box.decision == nil && box.state == .problem && box.findings.first?.kind == .notDecided)
        #expect(box.reason(.decision)?.contains("not of the same training step") == true)
        #expect(try fleet.box("off", of: view).reason(.decision) == "the box did not answer")
    }

    @Test("without a link of its own and one for all, a box is not decided") func withoutLink() throws {
        let server = try fleet.write("edge", planted(0.003))
        try fleet.write("phone", planted(0.05))
        let box = try fleet.box("phone", of: fleet.view(FleetDecider(server: server, named: "edge.json", link: nil)))
        #expect(box.decision == nil && box.reason(.decision)?.hasPrefix("its link to the server is not known") == true)
        #expect(box.findings.first?.kind == .notDecided)
    }

    private func collected(_ device: Decider.Side, _ server: Decider.Side, _ path: String) throws {
        let decision = try Decider(link: PlantedFleet.link()).decide(device: device, server: server)
        try fleet.tree.write(path, bytes: KerfJSON.encode(decision))
    }

    @Test("a collected decision is taken, and one from another calibration is not") func collectedDecisions() throws {
        let server = try fleet.write("edge", planted(0.003))
        try collected(try fleet.write("phone", planted(0.05)), server, "phone/decision.json")
        try collected(try fleet.write("pi", planted(0.09)), server, "pi/decision.json")
        try fleet.write("pi", planted(0.08))
        let view = try fleet.view()
        let (phone, pi) = (try fleet.box("phone", of: view), try fleet.box("pi", of: view))
        #expect(phone.decision?.file == "decision.json" && phone.state == .fine)
        #expect(pi.decision == nil && pi.state == .problem && pi.findings.first?.kind == .decisionOutdated)
        #expect(pi.reason(.decision)?.hasPrefix("decision.json was decided from another calibration") == true)
        #expect(try fleet.box("edge", of: view).role == .server)
    }

    @Test("decisions for all boxes may lie beside their folders") func decisionsOfAll() throws {
        let server = try fleet.write("edge", planted(0.003))
        let sides = [try fleet.write("phone", planted(0.05)), try fleet.write("pi", planted(0.09))]
        let link = try PlantedFleet.link()
        let decisions = try PairsDecider(
            decider: Decider(link: link),
            devices: zip(["one", "two"], sides).map { PairsDecider.Box(name: $0, side: $1) },
            servers: [PairsDecider.Box(name: "edge", side: server)], links: [link, link]
        ).decide()
        try fleet.tree.write("decisions.json", bytes: KerfJSON.encode(decisions))
        let view = try fleet.view()
        for (place, name) in ["phone", "pi"].enumerated() {
            let decision = try #require(try fleet.box(name, of: view).decision)
            #expect(decision.cut == decisions.pairs[place].decision?.choice.cut && decision.file == "decisions.json")
        }
    }

    @Test("a decision that does not stand is a problem") func doesNotStand() throws {
        let server = try fleet.write("edge", planted(0.003))
        let device = try fleet.write("phone", planted(0.05))
        var decision = try Decider(link: PlantedFleet.link()).decide(device: device, server: server)
        decision.verdict = Verdict(reasons: ["The device's layer times have no interval."])
        try fleet.tree.write("phone/decision.json", bytes: KerfJSON.encode(decision))
        let box = try fleet.box("phone", of: fleet.view())
        #expect(box.decision?.stands == false && box.findings.first?.kind == .decisionDoesNotStand)
        #expect(box.findings.first?.text.hasSuffix("The device's layer times have no interval.") == true)
    }
}
