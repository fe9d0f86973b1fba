import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite struct HeldFileTests {
    @Test func seesWhatIsWrittenInPlace() throws {
        let tree = try FixtureTree()
        try tree.write("counter", "100     \n")
        let held = try HeldFile(tree.file("counter"))
        #expect(try held.counter() == 100)
        let writer = try FileDescriptor.open(tree.file("counter"), .writeOnly)
        try writer.closeAfter { _ = try writer.writeAll(toAbsoluteOffset: 0, Array("20000   \n".utf8)) }
        #expect(try held.counter() == 20000)
        #expect(try held.text() == "20000")
    }

    @Test(
        arguments: [
            ("0", 0), (" 12 \n", 12), ("18446744073709551615\n", UInt64.max), ("7\n\0\0\0", 7),
        ] as [(String, UInt64)])
    func acceptsDecimalCounters(text: String, value: UInt64) throws {
        let tree = try FixtureTree()
        try tree.write("counter", text)
        #expect(try HeldFile(tree.file("counter")).counter() == value)
    }

    /// tar stores a sysfs file as a page, since that is the size that the kernel states, and pads it with NUL bytes.
    @Test(arguments: [31, 32, 33, 512, 4096, 65536])
    func readsWhatAnArchivePadded(size: Int) throws {
        let tree = try FixtureTree()
        func write(_ text: String) throws -> FilePath {
            try tree.write(
                "padded", bytes: Array((text + "\n").utf8) + Array(repeating: 0, count: size - text.utf8.count))
            return tree.file("padded")
        }
        #expect(try HeldFile(write("44121897231")).counter() == 44_121_897_231)
        #expect(try SysfsFile.integer(at: write("-45500")) == -45500)
        #expect(try SysfsFile.text(at: write("package-0")) == "package-0")
        #expect(try SysfsFile.wholeText(at: write("cpu 1 2")) == "cpu 1 2\n")
        #expect(try tree.root.resolvingFlattenedLink(write("../x")) == tree.file("padded"))
    }

    /// The first 32 bytes are a number; the file is none.
    @Test func whatFollowsALongBlankIsRead() throws {
        let tree = try FixtureTree()
        try tree.write("counter", "7" + String(repeating: " ", count: 40) + "9\n")
        #expect(throws: KerfError.self) { try HeldFile(tree.file("counter")).counter() }
    }

    @Test(arguments: ["", " ", "-1", "+1", "1 2", "0x1", "18446744073709551616", "1234567890123456789012345678901234"])
    func refusesWhatIsNoCounter(text: String) throws {
        let tree = try FixtureTree()
        try tree.write("counter", text)
        let held = try HeldFile(tree.file("counter"))
        let error = #expect(throws: KerfError.self) { try held.counter() }
        #expect(error?.code == .invalidReading)
        #expect(error?.location == tree.file("counter").string)
    }

    @Test func missingFileHasVanished() throws {
        let tree = try FixtureTree()
        let error = #expect(throws: KerfError.self) { try HeldFile(tree.file("counter")) }
        #expect(error?.code == .notFound)
    }

    @Test func directoryFailsAtTheRead() throws {
        let tree = try FixtureTree()
        try tree.directory("counter")
        let held = try HeldFile(tree.file("counter"))
        let error = #expect(throws: KerfError.self) { try held.counter() }
        #expect(error?.code == .ioError)
    }

    @Test func pipeDoesNotHoldUpTheReader() throws {
        let tree = try FixtureTree()
        #expect(mkfifo(tree.file("counter").string, 0o600) == 0)
        let error = #expect(throws: KerfError.self) { try SysfsFile.integer(at: tree.file("counter")) }
        #expect(error?.code == .ioError && error?.message == "is a pipe, not a file")
    }

    /// A process that is killed between truncating a file and writing to it would leave it empty.
    @Test("a plain file is overwritten and never shorter than it was", arguments: ["5", "800000", "123456789012345"])
    func writesInPlace(value: String) throws {
        let tree = try FixtureTree()
        try tree.write("limit", "2600000   \n")
        let held = try HeldFile(tree.file("limit"))
        try SysfsFile.write(value, to: tree.file("limit"))
        #expect(try SysfsFile.text(at: tree.file("limit")) == value)
        #expect(try held.integer() == Int64(value))
        #expect(try tree.text("limit").count == max(11, value.count + 1))
    }

    @Test func errorNumbersBecomeCodes() {
        #expect(KerfError(.permissionDenied, doing: "open", at: "x").code == .permissionDenied)
        #expect(KerfError(.notPermitted, doing: "open", at: "x").code == .permissionDenied)
        #expect(KerfError(.noSuchFileOrDirectory, doing: "open", at: "x").code == .notFound)
        #expect(KerfError(.ioError, doing: "read", at: "x").code == .ioError)
        #expect(KerfError(.resourceTemporarilyUnavailable, doing: "read", at: "x").code == .ioError)
    }

    @Test func longFileIsBounded() throws {
        let tree = try FixtureTree()
        try tree.write("long", String(repeating: "abcdefgh", count: 20_000))
        #expect(try SysfsFile.wholeText(at: tree.file("long")).count == 160_000)
        #expect(throws: KerfError.self) { try SysfsFile.wholeText(at: tree.file("long"), limit: 100_000) }
    }

    @Test func foreignTextIsShownInOneCleanLine() {
        #expect(PlainText.quoted("a\nb\u{1B}[0m") == "\"a?b?[0m\"")
        #expect(PlainText.quoted(String(repeating: "x", count: 50)).count == 43)
    }
}
