import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite("Atomic files")
struct AtomicFileTests {
    private let bytes = Array("new".utf8)

    private func names(_ tree: FixtureTree) -> [String] { SystemRoot().names(in: tree.path) }

    @Test("makes a file, replaces one, and leaves nothing else")
    func writes() throws {
        let tree = try FixtureTree()
        let path = tree.file("a.json").string
        try AtomicFile.write(Array("old, and longer".utf8), to: path)
        chmod(path, 0o640)
        try AtomicFile.write(bytes, to: path)
        #expect(try tree.text("a.json") == "new")
        #expect(names(tree) == ["a.json"])
        var information = stat()
        #expect(stat(path, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o640, "the file keeps its permissions")
    }

    @Test("a link is followed, not replaced")
    func link() throws {
        let tree = try FixtureTree()
        try tree.write("real/a.json", "old")
        try tree.link("link.json", "real/a.json")
        try AtomicFile.write(bytes, to: tree.file("link.json").string)
        #expect(try tree.text("real/a.json") == "new")
        #expect(names(tree) == ["link.json", "real"])
        var information = stat()
        #expect(lstat(tree.file("link.json").string, &information) == 0)
        #expect(information.st_mode & S_IFMT == S_IFLNK)
    }

    @Test("no directory, a directory in the way, an empty name: said, and nothing is left")
    func impossible() throws {
        let tree = try FixtureTree()
        try tree.directory("d")
        try tree.write("file", "x")
        for path in [tree.file("none/a.json").string, tree.file("d").string, tree.file("file/a.json").string, ""] {
            let error = #expect(throws: KerfError.self) { try AtomicFile.write(bytes, to: path) }
            #expect(error?.code == .cannotCreate, "\(String(describing: error))")
            #expect(error?.remedy != nil)
        }
        #expect(names(tree) == ["d", "file"])
    }

    @Test("a device is written to and never replaced")
    func devices() throws {
        try AtomicFile.write(bytes, to: "/dev/null")
        let error = #expect(throws: KerfError.self) { try AtomicFile.write(bytes, to: "/dev/full") }
        #expect(error?.code == .ioError)
        #expect(error?.message.contains("No space left") == true)
        var information = stat()
        #expect(stat("/dev/full", &information) == 0 && information.st_mode & S_IFMT == S_IFCHR)
    }

    @Test("a full disk leaves the old file and no temporary", .enabled(if: SmallDisk.isPossible, SmallDisk.needs))
    func fullDisk() throws {
        let tree = try FixtureTree()
        try tree.directory("disk")
        let disk = try #require(SmallDisk(at: tree.file("disk").string))
        defer { disk.unmount() }
        try tree.write("disk/a.json", "old")
        let error = #expect(throws: KerfError.self) {
            try AtomicFile.write([UInt8](repeating: 65, count: 1 << 20), to: tree.file("disk/a.json").string)
        }
        #expect(error?.code == .ioError, "\(String(describing: error))")
        #expect(error?.message.contains("No space left") == true)
        #expect(try tree.text("disk/a.json") == "old")
        #expect(SystemRoot().names(in: tree.file("disk")) == ["a.json"])
    }

    @Test("no permission", .enabled(if: geteuid() != 0, "root may write anywhere"))
    func forbidden() throws {
        let tree = try FixtureTree()
        chmod(tree.path.string, 0o500)
        defer { chmod(tree.path.string, 0o700) }
        let error = #expect(throws: KerfError.self) { try AtomicFile.write(bytes, to: tree.file("a").string) }
        #expect(error?.code == .permissionDenied)
    }
}

/// A file system of 64 KiB in memory.
private struct SmallDisk {
    static let needs: Comment = "mounting a small file system needs root"
    private let path: String

    static var isPossible: Bool {
        guard geteuid() == 0, let tree = try? FixtureTree() else { return false }
        guard let disk = SmallDisk(at: tree.path.string) else { return false }
        disk.unmount()
        return true
    }

    init?(at path: String) {
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { return nil }
        self.path = path
    }

    func unmount() { umount2(path, Int32(MNT_DETACH)) }
}
