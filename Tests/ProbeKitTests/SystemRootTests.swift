import Foundation
import ProbeKit
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite struct SystemRootTests {
    @Test func digitsCompareAsNumbers() {
        #expect(
            ["cpu10", "cpu2", "cpu", "cpu02x", "a"].sorted(by: ordersNaturally) == [
                "a", "cpu", "cpu2", "cpu02x", "cpu10",
            ])
        #expect(ordersNaturally("intel-rapl:0:2", "intel-rapl:0:10"))
        #expect(ordersNaturally("1", "18446744073709551616"))
        #expect(!ordersNaturally("same1", "same1"))
    }

    @Test func flattenedLinkIsFollowedInsideTheRootOnly() throws {
        let tree = try FixtureTree()
        try tree.directory("box/devices/a")
        try tree.directory("outside/b")
        try tree.write("box/class/in", "../devices/a")
        try tree.write("box/class/out", "../../outside/b")
        try tree.write("box/class/gone", "../devices/none")
        try tree.write("box/class/value", "a/b\nc")
        let root = SystemRoot(tree.file("box"))
        #expect(root.resolvingFlattenedLink(root.file("class/in")) == tree.file("box/devices/a"))
        for name in ["out", "gone", "value", "absent"] {
            let entry = root.file("class/\(name)")
            #expect(root.resolvingFlattenedLink(entry) == entry)
        }
    }

    /// The shortest spelling of the current directory is an empty path, which is no directory.
    @Test(arguments: [".", "./", "././", "a/..", "./a/.."]) func theCurrentDirectoryIsARoot(_ spelling: String) {
        let here = FilePath(FileManager.default.currentDirectoryPath)
        let root = SystemRoot(FilePath(spelling))
        #expect(root.path == here && root.isDirectory(root.path) && !root.isLive)
        // What lies below starts with the root.
        #expect(root.file("sys/class/../bus").lexicallyNormalized().starts(with: root.path))
        #expect(SystemRoot("").path.isEmpty, "no path is no directory")
    }

    @Test func aRelativeRootCanBeMadeAbsolute() {
        let here = FilePath(FileManager.default.currentDirectoryPath)
        #expect(SystemRoot("box/").absolute.path == here.appending("box"))
        #expect(SystemRoot("../box").absolute.path == here.removingLastComponent().appending("box"))
        #expect(SystemRoot("/box").absolute.path == "/box")
    }

    @Test(arguments: ["\u{1B}[2J", "a\nb", "\u{7F}", "\u{2028}", "\u{202E}x"])
    func namesThatCannotBeShownArePassedOver(_ odd: String) throws {
        let tree = try FixtureTree()
        try tree.write("class/\(odd)", "")
        try tree.write("class/päckage", "")
        try tree.directory("devices/\(odd)")
        try tree.write("class/link", "../devices/\(odd)")
        #expect(tree.root.names(in: tree.file("class")) == ["link", "päckage"])
        #expect(tree.root.resolvingFlattenedLink(tree.file("class/link")) == tree.file("class/link"))
    }

    /// The counters of the machine that a tree lies on are none of the tree's.
    @Test func whatALinkLeadsToOutsideIsNoneOfTheTree() throws {
        let tree = try FixtureTree()
        try tree.write("other/devices/value", "")
        try tree.write("box/devices/value", "")
        for (name, target) in [
            ("in", "../devices"), ("out", tree.file("other/devices").string), ("up", "../../other/devices"),
            ("inByItsWholePath", tree.file("box/devices").string),
        ] { try tree.link("box/class/\(name)", target) }
        let root = SystemRoot(tree.file("box"))
        for name in ["in", "inByItsWholePath"] {
            #expect(root.isDirectory(root.file("class/\(name)")))
            #expect(root.realDirectory(root.file("class/\(name)"))?.lastComponent == "devices")
        }
        for name in ["out", "up", "absent"] {
            #expect(!root.isDirectory(root.file("class/\(name)")), "\(name)")
            #expect(root.realDirectory(root.file("class/\(name)")) == nil)
        }
        #expect(SystemRoot().isDirectory(root.file("class/out")), "on the machine itself links are links")
    }

    @Test func onlyAMarkedTreeIsABoard() throws {
        let tree = try FixtureTree()
        #expect(!tree.root.hasVirtualBoard)
        try tree.write("kerf/board.json", "{}")
        #expect(tree.root.hasVirtualBoard)
        #expect(!SystemRoot().hasVirtualBoard)
    }

    @Test func directoryThatIsNotThereHasNoNames() throws {
        let tree = try FixtureTree()
        try tree.write("d/cpu10", "")
        try tree.write("d/cpu9", "")
        #expect(tree.root.names(in: tree.file("d")) == ["cpu9", "cpu10"])
        #expect(tree.root.names(in: tree.file("none")).isEmpty)
    }
}
