import Calibration
import ProfileFormat
import SystemIO
import TestSupport
import Testing

@testable import CollectedFiles

@Suite("Folders in place of files")
struct FileListTests {
    private let fleet: PlantedFleet
    private let compared: Set<String> = [Profile.schema, Calibration.schema]

    init() throws { fleet = try PlantedFleet() }

    private func names(_ list: FileList) -> [String] {
        list.paths.map { $0.hasPrefix(fleet.path + "/") ? String($0.dropFirst(fleet.path.count + 1)) : $0 }
    }

    @Test("a folder stands for the files in it that are of the right kind, and a file for itself") func folders() throws
    {
        try fleet.write("b")
        try fleet.write("a")
        try fleet.tree.write("a/run.log", "starting\n")
        let list = try FileList([fleet.path, "missing.json"], of: compared)
        #expect(
            names(list) == [
                "a/calibration.json", "a/profile.json", "b/calibration.json", "b/profile.json", "missing.json",
            ])
        #expect(list.skipped.isEmpty)
    }

    @Test("a calibration stands for its profiles, and a profile without one for itself") func calibrations() throws {
        try fleet.write("a")
        var planted = SyntheticProfile()
        planted.seed = 2
        try fleet.write("b", planted)
        try fleet.tree.remove("b/calibration.json")
        let list = try FileList([fleet.path], of: compared, calibrationsReplaceProfiles: true)
        #expect(names(list) == ["a/calibration.json", "b/profile.json"])
    }

    @Test("a damaged file is told and does not hide the others") func damaged() throws {
        try fleet.write("a")
        try fleet.tree.write("a/cut.json", "{\"schema\": \"kerf.pro")
        let list = try FileList([fleet.path], of: compared, calibrationsReplaceProfiles: true)
        #expect(names(list) == ["a/calibration.json"])
        #expect(list.skipped.count == 1 && list.skipped[0].location == fleet.path + "/a/cut.json")
    }

    @Test("a folder without such a file is refused") func nothing() throws {
        try fleet.tree.write("a/doctor.json", PlantedDoctor().text)
        let error = #expect(throws: KerfError.self) { try FileList([fleet.path], of: compared) }
        #expect(error?.code == .noSuchFile)
        #expect(error?.description.contains("no file in it that could be used") == true)
    }
}
