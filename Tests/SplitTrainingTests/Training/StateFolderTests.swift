import Foundation
import SystemIO
import Testing

@testable import SplitTraining

@Suite("The folder of a training's state") struct StateFolderTests {
    private let folder = TemporaryFolder()

    private func refusal() -> KerfError? {
        #expect(throws: KerfError.self) { try StateFolder(path: folder.path) }
    }

    /// Keys or a device's results are not taken for a state, and nothing is added to them.
    @Test func ofSomethingElse() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/server", withIntermediateDirectories: true)
        let error = refusal()
        #expect(error?.code == .cannotCreate && error?.message.contains("\"server\"") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["server"])
    }

    @Test(arguments: [
        ("/sys/kerf-state", "give a directory of your own"),
        ("/tmp/kerf-none/a", "make its parent directory first, or give a directory of your own"),
    ])
    func thatCannotBeMade(path: String, remedy: String) {
        let error = #expect(throws: KerfError.self) { try StateFolder(path: path) }
        #expect(error?.remedy?.description == remedy)
    }

    /// No download mends it.
    @Test func withADamagedState() throws {
        let training = SmallTraining()
        let state = try StateFolder(path: folder.path)
        try AtomicFile.write(Array("not a state".utf8), to: state.statePath)
        let error = #expect(throws: KerfError.self) { try state.load(config: training.model) }
        #expect(error?.code.category == .badData)
        #expect(error?.remedy?.description.hasPrefix("begin a new training in another folder") == true, "\(error!)")
    }
}
