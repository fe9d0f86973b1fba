import ProbeKit
import SystemIO
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

@Suite struct BoardMarkerTests {
    @Test func markerStatesTheGroundTruth() throws {
        let place = try FixtureTree()
        var settings = BoardSettings()
        settings.power.coreIdleWatts = 1.25
        settings.frequenciesHertz = [1e9, 2e9]
        let board = try VirtualBoard(root: place.path, settings: settings)
        let marker = try #require(VirtualBoard.marker(in: board.root))
        #expect(marker.power == settings.power)
        #expect(marker.minimumHertz == 1e9)
        #expect(marker.maximumHertz == 2e9)
        #expect(marker.pid == nil)
        #expect(!marker.isServed)
        let text = try place.text("kerf/board.json")
        #expect(text.contains(#""core_idle_watts" : 1.25"#))
        #expect(text.contains(#""origin" : "simulated""#))
        #expect(marker.summary.hasPrefix("virtual board, 1.0 to 2.0 GHz"))
    }

    @Test(arguments: ["", "{", "[]", #"{"schema":"other","schema_version":1}"#, #"{"schema":"kerf.board"}"#])
    func whatIsNoMarkerIsNoBoard(text: String) throws {
        let place = try FixtureTree()
        try place.write("kerf/board.json", text)
        #expect(VirtualBoard.marker(in: place.root) == nil)
        // The tree keeps its label: better simulated without need than measured without truth.
        #expect(place.root.hasVirtualBoard)
        #expect(throws: KerfError.self) { try VirtualBoard.register(pid: 1, in: place.root) }
    }

    @Test func processCannotBeRegisteredWithABoardThatStandsStill() throws {
        let place = try FixtureTree()
        let board = try VirtualBoard(root: place.path)
        let error = #expect(throws: KerfError.self) { try VirtualBoard.register(pid: 1, in: board.root) }
        #expect(error?.message == "the virtual board is not running")
    }

    /// A process number that is left over, by a board that was killed, does not make the tree served.
    @Test func staleTreeIsRecognized() throws {
        let place = try FixtureTree()
        do { _ = try VirtualBoard(root: place.path) }
        let text = try place.text("kerf/board.json")
        try place.write("kerf/board.json", text.replacing("{\n", with: "{\n  \"pid\" : 1,\n", maxReplacements: 1))
        let marker = try #require(VirtualBoard.marker(in: place.root))
        #expect(marker.pid == 1)
        #expect(!marker.isServed)
    }
}
