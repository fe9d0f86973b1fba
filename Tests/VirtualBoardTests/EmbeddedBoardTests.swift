import ProbeKit
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

/// Starting a board's process, with programs that stand for one that fails. The real one is tried with the command.
@Suite struct EmbeddedBoardTests {
    @Test func programThatEndsAtOnceIsAnError() throws {
        let place = try FixtureTree()
        let error = #expect(throws: ProbeError.self) {
            try EmbeddedBoard(executable: "/bin/false", directory: place.file("board"))
        }
        #expect(error?.message.contains("exit code 1") == true)
    }

    @Test func programThatIsNotThereIsAnError() throws {
        let place = try FixtureTree()
        let error = #expect(throws: ProbeError.self) {
            try EmbeddedBoard(executable: "/nonexistent/kerf", directory: place.file("board"))
        }
        #expect(error?.code == .vanished)
    }
}
