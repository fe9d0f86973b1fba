import Statistics
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// Archives that were made to do harm, and archives that were damaged.
struct HostileArchiveTests {
    private func archive(_ entries: [TarEntry]) -> [UInt8] {
        var writer = TarWriter()
        for entry in entries {
            let fits = writer.append(entry)
            #expect(fits, "\(entry.path)")
        }
        return writer.finished()
    }

    private static let file = TarEntry("sys/class/x", .file([1, 2, 3]))

    /// The one line by which an archive is refused.
    private func refusal(_ bytes: [UInt8]) -> String? {
        do {
            _ = try Capture(bytes, name: "evil.tar")
            return nil
        } catch {
            #expect(error.code == .malformed && error.description.hasPrefix("evil.tar: "))
            #expect(!error.description.contains("\n"))
            return error.message
        }
    }

    @Test func whatIsNoArchiveIsNamed() {
        for count in [40, 600] {
            let compressed: [UInt8] = [0x1F, 0x8B, 0x08] + [UInt8](repeating: 1, count: count)
            #expect(refusal(compressed) == "is compressed (gzip)")
        }
        #expect(refusal(Array("<!DOCTYPE html><html>".utf8)) == "is a web page (HTML)")
        #expect(refusal([1, 2, 3]) == "is cut off")
    }

    @Test(arguments: [
        "/sys/class/y", "../sys/y", "sys/../../y", "sys/./y", "sys//y", "home/y", "dev/sda", "sys/class/y/", "..", "/",
        "sys/class/x/below",
    ]) func pathsThatLeadElsewhereAreRefused(_ path: String) {
        #expect(refusal(archive([Self.file, TarEntry(path, .file([]))])) != nil)
    }

    @Test(arguments: [
        "/etc/passwd", "", "../../etc/shadow", "../../../etc/passwd", "../..", "x/../../../..", "../class/../../../y",
        "..//../../y",
    ]) func linksThatLeadOutAreRefused(_ target: String) {
        #expect(refusal(archive([Self.file, TarEntry("sys/class/link", .link(target))]))?.contains("link") == true)
    }

    /// `sys/a/b/c` leads to `sys`; what goes up from it leads out, though its text alone does not.
    @Test func aLinkThatLeadsOutOverAnotherIsRefused() {
        let entries = [
            Self.file, TarEntry("sys/a/b/c", .link("../..")), TarEntry("sys/a/b/d", .link("c/../etc")),
        ]
        #expect(refusal(archive(entries))?.contains("leads out") == true)
        #expect(refusal(archive(Array(entries.dropLast()))) == nil, "sys itself is inside")
    }

    @Test func loopsAndLinksToNothingAreHarmless() throws {
        let bytes = archive([
            Self.file, TarEntry("sys/a", .link("b")), TarEntry("sys/b", .link("a")),
            TarEntry("sys/c", .link("nothing")),
        ])
        let tree = try FixtureTree()
        try Capture(bytes, name: "loops.tar").unpack(into: tree.path)
        #expect(tree.root.names(in: tree.file("sys")) == ["a", "b", "c", "class"])
    }

    @Test func nothingIsWrittenThroughALink() {
        for content in [TarEntry.Content.file([]), .directory, .link("y")] {
            let through = TarEntry("sys/link/inside", content)
            #expect(refusal(archive([Self.file, TarEntry("sys/link", .link("class")), through])) != nil)
            // In the other order the link would take a directory's place.
            #expect(refusal(archive([Self.file, through, TarEntry("sys/link", .link("class"))])) != nil)
        }
        #expect(refusal(archive([Self.file, Self.file]))?.contains("twice") == true)
    }

    @Test func sizesAreNotBelieved() {
        for size in ["77777777777", "00000002001", "-0000000001", "99999999999", "0x000000010"] {
            var bytes = archive([Self.file])
            bytes.replaceSubrange(124..<135, with: size.utf8)
            seal(&bytes)
            #expect(refusal(bytes) != nil, "\(size)")
        }
        var bytes = archive([Self.file])
        // Base 256, as GNU tar writes sizes beyond 8 GiB.
        bytes.replaceSubrange(124..<136, with: [0x80] + [UInt8](repeating: 0xFF, count: 11))
        seal(&bytes)
        #expect(refusal(bytes) != nil)
    }

    @Test(arguments: Array("13467LKgSV".utf8)) func otherKindsOfMembersAreRefused(_ type: UInt8) {
        var bytes = archive([Self.file])
        bytes[TarHeader.type] = type
        seal(&bytes)
        #expect(refusal(bytes)?.contains("neither") == true)
    }

    @Test func everyTruncationIsRefused() {
        let bytes = archive([Self.file, TarEntry("sys/class/link", .link("x"))])
        // The end itself is two blocks, of which one suffices.
        for length in 0..<(bytes.count - 2 * 512) { #expect(refusal(Array(bytes[..<length])) != nil, "\(length)") }
        #expect(refusal(bytes) == nil)
        #expect(refusal(archive([TarEntry("etc/sensors3.conf", .file([]))]))?.contains("no sys") == true)
    }

    @Test func controlCharactersInNamesAreRefused() {
        for path in ["sys/\u{1B}[2J", "sys/a\nb"] { #expect(refusal(archive([TarEntry(path, .file([]))])) != nil) }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let long = "sys/" + String(repeating: "directory/", count: 14) + String(repeating: "n", count: 90)
        let entries = [
            TarEntry("sys", .directory), TarEntry(long, .file([7])), TarEntry("sys/empty", .file([]), mode: 0),
            TarEntry("sys/block", .file([UInt8](repeating: 9, count: 512))), TarEntry("sys/link", .link("empty")),
        ]
        var reader = TarReader(archive(entries), name: "own.tar")
        for entry in entries { #expect(try reader.next() == entry) }
        #expect(try reader.next() == nil)
    }

    /// Recorded boxes with random damage: each is refused in one line, or unpacks with nothing outside its directory.
    ///
    /// `make fuzz-captures` sets KERF_FUZZ_ROUNDS and KERF_FUZZ_SEED for longer runs.
    @Test func fuzzedArchivesNeverLeadOut() throws {
        let seed = Fuzzing.seed
        var generator = SeededGenerator(seed: seed)
        let box = try SyntheticBox()
        // With a path and a link's target that need an extended header.
        let far = "devices/" + String(repeating: "bridge/", count: 40) + "hwmon/hwmon9"
        try box.tree.write("sys/\(far)/name", "far\n")
        try box.tree.link("sys/class/hwmon/hwmon9", "../../\(far)")
        var recorder = CaptureRecorder(root: box.tree.root, kerfVersion: "0")
        let good = try recorder.record().archive
        var outcomes = (refused: 0, unpacked: 0)
        for round in 0..<Fuzzing.rounds {
            let bytes = Mutator.seeded.tar(good, using: &generator)
            guard let capture = try? Capture(bytes, name: "fuzz.tar") else {
                _ = refusal(bytes)
                outcomes.refused += 1
                continue
            }
            outcomes.unpacked += 1
            let tree = try FixtureTree()
            try tree.directory("inside")
            try capture.unpack(into: tree.file("inside"))
            #expect(tree.root.names(in: tree.path) == ["inside"], "seed \(seed), round \(round)")
            for (path, entry) in capture.entries {
                guard case .link = entry.content, let real = Fuzzing.real(tree.file("inside").appending(path)) else {
                    continue
                }
                #expect(real.starts(with: tree.path), "seed \(seed), round \(round): \(path) leads to \(real)")
            }
        }
        #expect(outcomes.refused > 0 && outcomes.unpacked > 0, "\(outcomes): the fuzzing does not reach both")
    }

    /// Makes the first header's checksum fit again.
    private func seal(_ bytes: inout [UInt8]) { Mutator.seal(&bytes, at: 0) }
}
