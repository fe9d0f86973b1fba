import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import SystemIO

/// A pipe in place of a file: read and written where the other end is, refused where there is none.
///
/// Only a refusal waits for its time to pass. Where the other end comes late, no machine is too slow for it.
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

    /// Far longer than any machine takes to run a thread.
    private static let patientSeconds = 600.0

    /// This end of the pipe, open whether or not the other one is.
    private func reader() throws -> FileDescriptor {
        try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking, .closeOnExec])
    }

    private static func text(from descriptor: FileDescriptor) throws -> String {
        let bytes = try [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The writer comes after the reader, and pauses in the middle.
    @Test func fromASlowWriter() throws {
        let path = path
        let descriptor = try reader()
        defer { try? descriptor.close() }
        let writer = BackgroundThread {
            usleep(50_000)
            guard let pipe = try? FileDescriptor.open(FilePath(path), .writeOnly) else { return }
            _ = try? pipe.writeAll("one".utf8)
            usleep(50_000)
            _ = try? pipe.writeAll("two".utf8)
            try? pipe.close()
        }
        defer { writer.join() }
        let found = try NamedPipe.read(descriptor, path, limit: 100, timeoutSeconds: Self.patientSeconds)
        #expect(found.isComplete && found.bytes == Array("onetwo".utf8))
    }

    /// What was written stays in the pipe while one of its ends is open.
    @Test func fromAWriterThatHasGone() throws {
        let held = try reader()
        defer { try? held.close() }
        let writer = try FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
        try writer.closeAfter { _ = try writer.writeAll("onetwo".utf8) }
        #expect(try FileBytes.read(path, limit: 100) == Array("onetwo".utf8))
    }

    @Test func toAReader() throws {
        let descriptor = try reader()
        defer { try? descriptor.close() }
        // The check of the place keeps its end open, as a command does until it ends.
        try OutputFile.checkPlace(path, of: "--out")
        try AtomicFile.write(Array("all".utf8), to: path)
        #expect(try Self.text(from: descriptor) == "all")
    }

    @Test func toAReaderThatComesLate() throws {
        let path = path
        let found = Found()
        let reader = BackgroundThread {
            usleep(50_000)
            guard let pipe = try? FileDescriptor.open(FilePath(path), .readOnly) else { return }
            let text = try? Self.text(from: pipe)
            found.text.withLock { $0 = text ?? "" }
            try? pipe.close()
        }
        let pipe = try NamedPipe.openForWriting(path, timeoutSeconds: Self.patientSeconds)
        try pipe.closeAfter { _ = try pipe.writeAll("all".utf8) }
        reader.join()
        #expect(found.text.withLock { $0 } == "all")
    }

    private final class Found: Sendable {
        let text = Mutex("")
    }
}
