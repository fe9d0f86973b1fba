import Foundation
import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// A pipe in place of a file: read and written where the other end is, refused where there is none.
@Suite struct NamedPipeTests {
    private let tree: FixtureTree
    private let path: String

    init() throws {
        tree = try FixtureTree()
        path = tree.file("pipe").string
        try #require(mkfifo(path, 0o600) == 0)
    }

    @Test func withoutAWriter() {
        let error = #expect(throws: KerfError.self) { try FileBytes.read(path, limit: 100) }
        #expect(error?.code == .noSuchFile && error?.message == "nothing was written to this pipe")
    }

    @Test func withoutAReader() {
        let error = #expect(throws: KerfError.self) { try AtomicFile.write([1], to: path) }
        #expect(error?.code == .cannotCreate && error?.message == "this is a pipe that nothing reads")
        #expect(throws: KerfError.self) { try OutputFile.checkPlace(path, of: "--out") }
    }

    /// The writer comes after the reader, and pauses in the middle.
    @Test func fromASlowWriter() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "sleep 0.1; { printf one; sleep 0.1; printf two; } > '\(path)'"]
        try process.run()
        #expect(try FileBytes.read(path, limit: 100) == Array("onetwo".utf8))
        process.waitUntilExit()
    }

    @Test func toAReader() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/head")
        process.arguments = ["-c", "3", path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        // The check of the place keeps its end open, as a command does until it ends.
        try OutputFile.checkPlace(path, of: "--out")
        try AtomicFile.write(Array("all".utf8), to: path)
        process.waitUntilExit()
        #expect(try output.fileHandleForReading.readToEnd() == Data("all".utf8))
    }
}
