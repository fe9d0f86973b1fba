import Calibration
import ProfileFormat
import SystemIO
import TestSupport
import Testing

@testable import CollectedFiles

@Suite("Folder of a fleet")
struct FleetFolderTests {
    private let fleet: PlantedFleet

    init() throws { fleet = try PlantedFleet() }

    @Test("files are told by their content, whatever they are called and however deep they are") func byContent() throws
    {
        try fleet.write("pi")
        for (old, new) in [("profile.json", "runs/1/a.txt"), ("calibration.json", "b"), ("doctor.json", "link.json")] {
            try fleet.tree.write("pi/\(new)", fleet.tree.text("pi/\(old)"))
            try fleet.tree.remove("pi/\(old)")
        }
        let box = try fleet.box("pi", of: fleet.view())
        #expect(box.state == .fine && box.calibration?.file == "b" && box.identity?.changes.isEmpty == true)
        #expect(Set(box.files.map(\.name)) == ["runs/1/a.txt", "b", "link.json"])
    }

    @Test("foreign files are named and skipped, hidden ones skipped") func foreignFiles() throws {
        try fleet.write("pi")
        try fleet.tree.write("pi/run.log", "starting\n")
        try fleet.tree.write("pi/iperf3.json", #"{"start": {}, "end": {}}"#)
        try fleet.tree.write("pi/watch.jsonl", "{\"schema\": \"x\"}\n{\"schema\": \"x\"}\n")
        try fleet.tree.write("pi/nginx.conf", "{ no JSON")
        try fleet.tree.write("pi/empty", "")
        try fleet.tree.write("pi/model.gguf", bytes: Array("GGUF".utf8) + [UInt8](repeating: 0, count: 100))
        try fleet.tree.write("pi/.part", "{")
        let box = try fleet.box("pi", of: fleet.view())
        #expect(box.state == .fine && box.files.count == 3)
        let note = try #require(box.findings.first { $0.kind == .foreignFiles })
        #expect(note.severity == .note)
        #expect(
            note.text
                == "6 files are not Kerf's and were skipped: empty, iperf3.json, model.gguf, nginx.conf, run.log and 1 more"
        )
    }

    @Test("a damaged file is named with its error and does not hide the others")
    func damagedFiles() throws {
        try fleet.write("pi")
        let whole = try fleet.tree.text("pi/calibration.json")
        try fleet.tree.write("pi/cut.json", String(whole.prefix(whole.count / 2)))
        try fleet.tree.write("pi/field.json", #"{"schema": "kerf.profile", "schema_version": 3}"#)
        try fleet.tree.write("pi/future.json", #"{"schema": "kerf.calibration", "schema_version": 99}"#)
        try fleet.tree.write("pi/none.json", "")
        try fleet.tree.write("pi/state.json", #"{"schema": "kerf.collection", "schema_version": 1, "outcome": "ok"}"#)
        let box = try fleet.box("pi", of: fleet.view())
        let damaged = box.findings.filter { $0.kind == .damagedFile }.map(\.text)
        #expect(damaged.count == 5 && box.state == .problem)
        for (name, words) in [
            ("cut.json", "not valid JSON, or cut off"), ("field.json", "damaged or edited"),
            ("future.json", "version 99 of kerf.calibration"), ("none.json", "the file is empty"),
            ("state.json", "outcome"),
        ] {
            #expect(damaged.contains { $0.hasPrefix("\(fleet.path)/pi/\(name): ") && $0.contains(words) }, "\(damaged)")
        }
        #expect(box.calibration?.file == "calibration.json" && box.identity != nil)
    }

    @Test("a box's folder that is empty, or has a status alone") func emptyBox() throws {
        try fleet.tree.directory("none")
        try fleet.write(CollectionStatus(outcome: .complete, time: "2026-01-02T00:00:00Z"), of: "nothing")
        try fleet.write("pi")
        let view = try fleet.view()
        for name in ["none", "nothing"] {
            let box = try fleet.box(name, of: view)
            #expect(box.state == .problem && box.findings.map(\.kind) == [.empty])
            #expect(box.reason(.host) == "there is no calibration and no profile")
        }
        #expect(try fleet.box("pi", of: view).state == .fine && view.boxes.map(\.name) == ["none", "nothing", "pi"])
    }

    @Test("boxes are in natural order") func order() throws {
        for name in ["pi-10", "pi-9", "edge"] { try fleet.tree.directory(name) }
        #expect(try fleet.view().boxes.map(\.name) == ["edge", "pi-9", "pi-10"])
    }

    @Test("boxes that were calibrated for different workloads are told apart") func severalWorkloads() throws {
        try fleet.write("a")
        try fleet.write("b") { profile in profile.workload.batch = 4 }
        // Threads and weights are the box's own affair.
        try fleet.write("c") { profile in
            (profile.workload.threads, profile.model.weightsOrigin) = (1, "seed 2")
        }
        let view = try fleet.view()
        #expect(view.workloads.map(\.boxes) == [["a", "c"], ["b"]] && view.boxes.map(\.workload) == [0, 1, 0])
        #expect(view.findings.map(\.kind) == [.severalWorkloads] && view.isFine)
    }

    @Test("a folder that is none of a fleet is refused with what it is") func refused() throws {
        func fault(_ path: String) -> KerfError? {
            do throws(KerfError) {
                _ = try FleetFolder(at: path)
                return nil
            } catch {
                return error
            }
        }
        #expect(fault(fleet.path + "/none")?.code == .noSuchFile)
        #expect(fault(fleet.path)?.description.contains("there is no folder of a box in it") == true)
        try fleet.write("pi")
        #expect(fault(fleet.path + "/pi")?.description.contains("give the folder above it") == true)
        #expect(fault(fleet.path + "/pi/doctor.json")?.description.contains("this is no folder") == true)
        #expect(fault(fleet.path) == nil)
    }

    @Test("links to folders above do not make an endless walk") func links() throws {
        try fleet.write("pi")
        try fleet.tree.link("pi/again", "..")
        try fleet.tree.link("pi/gone", "nowhere")
        let view = try fleet.view()
        #expect(try fleet.box("pi", of: view).files.count == 3)
    }
}
