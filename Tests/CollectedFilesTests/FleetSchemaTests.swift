import CARD
import Calibration
import ProfileFormat
import Quantities
import SystemIO
import TestSupport
import Testing

@testable import CollectedFiles

/// The schemas of the view and of a box's status, and their Swift types, require the same fields.
@Suite("Fleet schemas")
struct FleetSchemaTests {
    private static let known = Quantity(
        value: 1, lower: 0.9, upper: 1.1, confidence: 0.95, count: 9, degreesOfFreedom: 8, origin: .measured,
        reason: "planted")

    /// A view of boxes that are as the files say, with an undecided one.
    private static func bare() throws -> FleetView {
        let fleet = try PlantedFleet()
        try fleet.write("pi", doctor: nil)
        try fleet.tree.directory("none")
        return try fleet.view()
    }

    /// A view with every field.
    private static func full() throws -> FleetView {
        let fleet = try PlantedFleet()
        let server = try fleet.write("edge")
        var doctor = PlantedDoctor()
        doctor.kernel = "6.12.1"
        try fleet.write("pi", doctor: doctor) { profile in
            (profile.workload.pinned, profile.workload.forwardOnly) = (true, nil)
            profile.disturbances = Disturbances(
                measurementCount: 40, measuredSeconds: 10,
                causes: [DisturbanceCause(cause: .steal, count: 2, seconds: 0.5)])
        }
        try fleet.tree.write("notes.txt", "foreign\n")
        let view = try fleet.view(FleetDecider(server: server, named: "edge.json", link: try PlantedFleet.link()))
        return try completed(view)
    }

    private static func completed(_ view: FleetView) throws -> FleetView {
        var view = view
        view.workloads[0].workload.pinned = true
        view.workloads[0].workload.weightFormats = ["Q4_K"]
        view.workloads[0].model.variant = .planted
        (view.workloads[0].workload.forwardOnly, view.workloads[0].workload.activationCheckpointing) = (true, true)
        let rates = try Link(uplinkBitsPerSecond: 1, downlinkBitsPerSecond: 1, roundTripSeconds: 1, source: "planted")
        view.decider?.link = rates
        view.decider?.link?.uplinkRelativeHalfWidth = 0.1
        view.decider?.link?.downlinkRelativeHalfWidth = 0.1
        let place = try #require(view.boxes.firstIndex { $0.name == "pi" })
        var box = view.boxes[place]
        box.collection = FleetCollection(
            CollectionStatus(outcome: .failed, step: "profile", error: "planted", time: "2026-01-02T00:00:00Z"))
        box.meter?.reason = "planted"
        box.closure = Closure(timeRatio: known, grossEnergyRatio: known, netEnergyRatio: known)
        box.decision?.file = "decision.json"
        box.decision?.indistinguishableCuts = [1]
        box.decision?.reasons = ["planted"]
        box.missing = [MissingValue(value: .decision, reason: "planted")]
        box.findings.append(FleetFinding(.failed, "planted", remedy: "planted"))
        view.boxes[place] = box
        return view
    }

    @Test(
        "a view with every field, and one with the fewest",
        .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
    func view() throws {
        #expect(
            try SchemaAgreement.faults(of: [Self.full(), Self.bare()], schema: "fleet") { try $0.check(named: "f") }
                == [])
    }

    @Test(
        "a status with every field, and one with the fewest",
        .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
    func status() throws {
        let time = "2026-01-02T00:00:00Z"
        let statuses =
            [CollectionStatus(outcome: .failed, step: "profile", error: "planted", time: time)]
            + CollectionStatus.Outcome.allCases.map { CollectionStatus(outcome: $0, time: time) }
        #expect(try SchemaAgreement.faults(of: statuses, schema: "collection") == [])
    }

    @Test("a view reads again as the same, to the same bytes, and names no workload that it does not have")
    func roundTrip() throws {
        for view in [try Self.full(), try Self.bare()] {
            let bytes = try KerfJSON.encode(view)
            guard case .fleet(let read) = try FileContent(bytes, named: "fleet.json") else {
                Issue.record("no fleet")
                return
            }
            #expect(read == view)
            #expect(try KerfJSON.encode(read) == bytes)
        }
        var view = try Self.bare()
        view.boxes[0].workload = 7
        let bytes = try KerfJSON.encode(view)
        #expect(throws: KerfError.self) { try FileContent(bytes, named: "fleet.json") }
    }

    @Test("the same files at the same time give the same view") func pure() throws {
        let fleet = try PlantedFleet()
        try fleet.write("pi")
        #expect(try fleet.view() == fleet.view())
    }
}
