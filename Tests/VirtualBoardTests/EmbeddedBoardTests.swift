import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

/// Starting a board's process, with programs that stand for one that fails. The real one is tried with the command.
@Suite struct EmbeddedBoardTests {
    @Test func programThatEndsAtOnceIsAnError() throws {
        let place = try FixtureTree()
        let error = #expect(throws: KerfError.self) {
            try EmbeddedBoard(executable: "/bin/false", directory: place.file("board"))
        }
        #expect(error?.message.contains("exit code 1") == true)
    }

    /// Replaces `kerf board`: prints one line and exits with a status.
    @Test(arguments: [(73, KerfError.Code.inUse), (77, .permissionDenied), (69, .notFound), (74, .ioError)])
    func reasonOfTheBoardIsPassedOn(status: Int, code: KerfError.Code) throws {
        let place = try FixtureTree()
        try place.write("kerf", "#!/bin/sh\necho 'kerf: error: here: because; do this' >&2\nexit \(status)\n")
        try #require(chmod(place.file("kerf").string, 0o755) == 0)
        let error = #expect(throws: KerfError.self) {
            try EmbeddedBoard(executable: place.file("kerf"), directory: place.file("board"))
        }
        #expect(error?.code == code)
        #expect(error?.description == "here: because; do this")
    }

    @Test func programThatIsNotThereIsAnError() throws {
        let place = try FixtureTree()
        let error = #expect(throws: KerfError.self) {
            try EmbeddedBoard(executable: "/nonexistent/kerf", directory: place.file("board"))
        }
        #expect(error?.code == .notFound)
    }
}
