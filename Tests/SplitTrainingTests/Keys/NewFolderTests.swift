import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite("Folders that are made whole")
struct NewFolderTests {
    let tree: FixtureTree
    let folder = NewFolder(files: [
        .init("a.txt", Array("A".utf8), permissions: .ownerReadWrite),
        .init("inner/b.txt", Array("B".utf8), permissions: [.ownerReadWrite, .groupRead]),
    ])

    init() throws { tree = try FixtureTree() }

    private func code(_ path: String) -> KerfError.Code? {
        do {
            try folder.create(at: tree.file(path))
            return nil
        } catch {
            return error.code
        }
    }

    @Test("the files are there, and an empty folder is replaced", arguments: [false, true])
    func contents(existing: Bool) throws {
        if existing { try tree.directory("new") }
        #expect(code("new") == nil)
        #expect(try tree.names(".") == ["new"] && tree.names("new") == ["a.txt", "inner"])
        #expect(try tree.text("new/a.txt") == "A" && tree.text("new/inner/b.txt") == "B")
        #expect(try tree.permissions("new") == 0o700 && tree.permissions("new/inner") == 0o700)
        #expect(try tree.permissions("new/a.txt") == 0o600)
    }

    @Test("anything else in its place stays, and nothing is left")
    func occupied() throws {
        try tree.write("file", "x")
        try tree.write("full/x", "x")
        try tree.directory("empty")
        try tree.link("link", "empty")
        try tree.link("dangling", "nowhere")
        let before = try tree.names(".")
        for name in ["file", "full", "link", "dangling", ".", "..", "nowhere/new", "file/new"] {
            #expect(code(name) == .cannotCreate, "\(name)")
        }
        #expect(try tree.names(".") == before && tree.text("file") == "x" && tree.names("full") == ["x"])
        #expect(try tree.names("empty").isEmpty)
    }

    @Test("a failure in the middle leaves nothing")
    func failure() throws {
        var folder = folder
        let long = FilePath(String(repeating: "x", count: 300))
        folder.files.append(.init(long, [1], permissions: .ownerReadWrite))
        #expect(throws: KerfError.self) { try folder.create(at: tree.file("new")) }
        #expect(try tree.names(".").isEmpty)
    }

    @Test("what a killed process left is removed, but not what another one is writing")
    func abandoned() throws {
        try tree.write(".new.kerf-1-1/key.pem", "a private key")
        try tree.write(".new.kerf-1-2/key.pem", "a private key")
        try tree.write(".other.kerf-1-3/inner/key.pem", "a private key")
        for name in [".kerf-1-4/a", ".new.kerf-x/a", "new.kerf-1-5/a", ".file.kerf-1-6"] { try tree.write(name, "x") }
        try tree.link(".link.kerf-1-7", ".kerf-1-4")
        let lock = try FileDescriptor.open(tree.file(".new.kerf-1-2"), .readOnly, options: [.directory])
        defer { try? lock.close() }
        #expect(flock(lock.rawValue, LOCK_EX) == 0)
        #expect(code("new") == nil)
        #expect(
            try tree.names(".") == [
                ".file.kerf-1-6", ".kerf-1-4", ".link.kerf-1-7", ".new.kerf-1-2", ".new.kerf-x", "new", "new.kerf-1-5",
            ])
        #expect(try tree.names(".kerf-1-4") == ["a"])
    }
}
