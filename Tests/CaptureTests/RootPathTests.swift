import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// The path of the recorded root is not in the capture.
struct RootPathTests {
    private func shown(_ text: String, below root: FilePath) -> String {
        String(decoding: RootPath(SystemRoot(root)).removed(from: Array(text.utf8)), as: UTF8.self)
    }

    @Test func wholePathsBecomeThoseOfTheBox() {
        for (text, expected) in [
            ("/home/me/e/sys/class: no such", "/sys/class: no such"), ("at /home/me/e", "at /"),
            ("\"/home/me/e\", /home/me/e.", "\"/\", /."), ("--root=/home/me/e/", "--root=/"),
            ("/home/me/else /home/me/e.old", "/home/me/else /home/me/e.old"),
            ("/srv/home/me/e/sys", "/srv/home/me/e/sys"),
        ] { #expect(shown(text, below: "/home/me/e") == expected) }
    }

    @Test func aRelativeRootIsNoWord() {
        #expect(shown("energy e: e/sys/class, the/sys", below: "e") == "energy e: /sys/class, the/sys")
        #expect(shown("/sys/class", below: "/") == "/sys/class")
    }

    @Test func aLinkToTheTreeIsThePlaceToo() throws {
        let tree = try FixtureTree()
        try tree.directory("real/sys")
        try tree.link("link", "real")
        let text = "\(tree.file("real/sys")) \(tree.file("link/sys"))"
        #expect(shown(text, below: tree.file("link")) == "/sys /sys")
    }
}
