import Capture
import FoundationEssentials
import LMSensors
import SystemPackage
import TestSupport
import Testing

@Suite("libsensors")
struct LibsensorsTests {
    @Test("the library tells its version")
    func version() {
        let parts = LMSensorsProbe.libraryVersion().split(separator: ".")
        #expect(parts.count >= 2 && parts.allSatisfy { Int($0.prefix { $0.isNumber }) != nil })
    }

    /// The mocked box reaches libsensors by a preloaded library, so it needs a process of its own.
    @Test(
        "libsensors, asked by several tasks at once, and the reader of hwmon files say the same of one tree",
        .requires(.umockdev))
    func agreement() throws {
        let box = try MockedBox()
        let live = try box.readThroughLibsensors()
        let own = LMSensorsProbe(root: box.tree.root).survey()
        #expect(own.failures.isEmpty)
        #expect(live.count == MockedBox.chipCount)
        #expect(Self.plain(live) == Self.plain(own.chips))
        #expect(live.contains { $0.name == "amdgpu-pci-0300" && $0.features.map(\.value).contains(35.125) })
        #expect(live.contains { $0.name == "nvme-pci-e100" && $0.features.map(\.value) == [41.85] })
    }

    /// What libsensors says of a box under umockdev is what a record of that box says, unpacked elsewhere.
    @Test(
        "a recorded box is read as libsensors reads the box",
        .requires(.umockdev))
    func recorded() throws {
        let box = try MockedBox()
        let copy = try FixtureTree()
        var recorder = CaptureRecorder(root: box.tree.root, kerfVersion: "0")
        try Capture(recorder.record().archive, name: "box.tar").unpack(into: copy.path)
        let shown = Self.plain(LMSensorsProbe(root: copy.root).survey().chips)
        #expect(try shown == Self.plain(box.readThroughLibsensors()) && shown.count == MockedBox.chipCount)
    }

    private static func plain(_ chips: [SensorChip]) -> [String] {
        chips.map { "\($0.name) " + $0.features.map { line($0) }.joined(separator: ", ") }.sorted()
    }

    private static func line(_ feature: SensorFeature) -> String {
        "\(feature.name) \(feature.label) \(feature.kind) \(feature.value) "
            + "\(feature.maximum ?? .infinity) \(feature.critical ?? .infinity)"
    }
}
