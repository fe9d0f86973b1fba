import Foundation
import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// Names that a ustar header has no room for: pax extended headers, written and read.
struct ExtendedHeaderTests {
    private static let folder = "sys/devices/" + String(repeating: "0000:00:1c.5/", count: 22)
    private static let longFile = TarEntry(folder + "name", .file(Array("package-0\n".utf8)))
    private static let longTarget = "../../" + folder.dropFirst("sys/".count) + "name"
    private static let longLink = TarEntry("sys/class/x/link", .link(longTarget))
    /// One component that no ustar header has room for, with characters of several bytes at the cut.
    private static let longComponent = TarEntry("sys/a" + String(repeating: "é", count: 120), .file([7]), mode: 0o444)
    private static let entries = [longFile, longLink, longComponent, TarEntry("sys/class/x/y", .file([1]))]

    private func archive(_ entries: [TarEntry]) -> [UInt8] {
        var writer = TarWriter()
        for entry in entries {
            let fits = writer.append(entry)
            #expect(fits, "\(entry.path)")
        }
        return writer.finished()
    }

    private func members(_ bytes: [UInt8]) throws(KerfError) -> [TarEntry] {
        var reader = TarReader(bytes, name: "own.tar")
        var members: [TarEntry] = []
        while let entry = try reader.next() { members.append(entry) }
        return members
    }

    /// Types of all headers, in order.
    private func types(_ bytes: [UInt8]) -> String {
        let starts = stride(from: 0, to: bytes.count - 511, by: 512).filter {
            bytes[($0 + 257)..<($0 + 262)].elementsEqual("ustar".utf8)
        }
        return String(decoding: starts.map { bytes[$0 + TarHeader.type] }, as: UTF8.self)
    }

    @Test func longNamesAreReadAgain() throws {
        #expect(Self.longFile.path.utf8.count > 256 && Self.longTarget.utf8.count > 100)
        let bytes = archive(Self.entries)
        #expect(types(bytes) == "x0x2x00", "only what does not fit has an extended header")
        #expect(try members(bytes) == Self.entries)
        let tree = try FixtureTree()
        try Capture(bytes, name: "long.tar").unpack(into: tree.path)
        #expect(try tree.text("sys/class/x/link") == "package-0\n")
        #expect(try tree.text(Self.longComponent.path) == "\u{7}")
    }

    @Test func theLongestNamesAreRefusedOrReadAgain() throws {
        let component = String(repeating: "c", count: 249) + "/"
        let longest = "sys/" + String(repeating: component, count: 12)
        let name = String(repeating: "n", count: TarEntry.maximumNameBytes - longest.utf8.count)
        let entries = [
            TarEntry(longest + name, .file([])),
            TarEntry("sys/link", .link(String(repeating: "t", count: TarEntry.maximumNameBytes))),
        ]
        #expect(try members(archive(entries)) == entries)
        var writer = TarWriter()
        for entry in [
            TarEntry(longest + name + "n", .file([])), TarEntry("sys/" + String(repeating: "b", count: 256), .file([])),
            TarEntry("sys/link", .link(String(repeating: "t", count: TarEntry.maximumNameBytes + 1))),
        ] {
            let fits = writer.append(entry)
            #expect(!fits, "\(entry.path.utf8.count) bytes")
        }
        #expect(writer.bytes.isEmpty)
    }

    /// A record's length counts its own digits, which matters where they become one more.
    @Test(arguments: Array(85...100) + Array(980...1000)) func aRecordsLengthCountsItself(_ count: Int) throws {
        let records = PaxRecords(path: String(repeating: "p", count: count), linkPath: "l")
        #expect(try PaxRecords(reading: records.bytes[...]) == records)
    }

    // MARK: - Other programs

    @Test func tarReadsThem() throws {
        let folder = try FixtureTree()
        try folder.write("box.tar", bytes: archive(Self.entries))
        try folder.directory("out")
        let tar = "LC_ALL=C.UTF-8 /usr/bin/tar --quoting-style=literal"
        #expect(system("\(tar) -tf '\(folder.file("box.tar"))' > '\(folder.file("list"))'") == 0)
        let list = try folder.text("list").split(separator: "\n").map(String.init)
        #expect(list == Self.entries.map(\.path))
        #expect(system("\(tar) -xf '\(folder.file("box.tar"))' -C '\(folder.file("out"))'") == 0)
        #expect(try folder.text("out/" + Self.longFile.path) == "package-0\n")
        let target = try FileManager.default.destinationOfSymbolicLink(
            atPath: folder.file("out/sys/class/x/link").string)
        #expect(Self.longLink.content == .link(target))
    }

    private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: ExtendedHeaderTests.python != nil, "Python's tarfile needs python3 in /usr/bin"))
    func pythonReadsThem() throws {
        let folder = try FixtureTree()
        try folder.write("box.tar", bytes: archive(Self.entries))
        try folder.write(
            "list.py",
            """
            import sys, tarfile
            for member in tarfile.open(sys.argv[1]):
                print(member.name, member.linkname, member.size)
            """)
        let python = try #require(Self.python)
        #expect(
            system(
                "PYTHONIOENCODING=utf-8 '\(python)' '\(folder.file("list.py"))' '\(folder.file("box.tar"))' > '\(folder.file("list"))'"
            ) == 0)
        #expect(
            try folder.text("list").split(separator: "\n").map(String.init)
                == Self.entries.map { entry in
                    switch entry.content {
                    case .link(let target): "\(entry.path) \(target) 0"
                    case .file(let bytes): "\(entry.path)  \(bytes.count)"
                    case .directory: "\(entry.path)  0"
                    }
                })
    }

    /// A capture that was unpacked and packed again, with the times that GNU tar records.
    @Test func whatTarPacksAgainIsRead() throws {
        let box = try FixtureTree()
        try Capture(archive(Self.entries), name: "box.tar").unpack(into: box.path)
        let folder = try FixtureTree()
        #expect(
            system("/usr/bin/tar --format=pax -C '\(box.path)' -cf '\(folder.file("again.tar"))' .") == 0)
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.file("again.tar").string)))
        let again = try Capture(bytes, name: "again.tar")
        #expect(types(bytes).contains("x") && again.entries[Self.longFile.path]?.content == Self.longFile.content)
        #expect(again.entries[Self.longLink.path]?.content == Self.longLink.content)
    }

    // MARK: - Hostile records

    /// An archive whose only member has these records before it.
    private func archive(records: [UInt8], type: UInt8 = UInt8(ascii: "0")) -> [UInt8] {
        var bytes = archive([TarEntry("sys/records", .file(records)), TarEntry("sys/x", .file([]))])
        bytes[TarHeader.type] = PaxRecords.type
        Mutator.seal(&bytes, at: 0)
        let member = (1 + (records.count + 511) / 512) * 512
        bytes[member + TarHeader.type] = type
        Mutator.seal(&bytes, at: member)
        return bytes
    }

    private func refusal(_ bytes: [UInt8]) -> String? {
        do {
            _ = try Capture(bytes, name: "evil.tar")
            return nil
        } catch {
            #expect(error.code == .malformed && !error.description.contains("\n"))
            return error.message
        }
    }

    @Test func aRecordNamesTheMember() throws {
        #expect(try members(archive(records: Array("14 path=sys/y\n".utf8))).map(\.path) == ["sys/y"])
        #expect(try members(archive(records: Array("13 mtime=1.5\n".utf8))).map(\.path) == ["sys/x"])
    }

    @Test(arguments: [
        "13 path=sys/y\n", "15 path=sys/y\n", "14 path=sys/y", "014 path=sys/y\n\n", "-14 path=sys/y\n",
        "+14 path=sys/y\n", "0x0e path=sys/y\n", "99999999999999999999 path=sys/y\n", "path=sys/y\n", "14 path sys/y\n",
        "9 =sys/y\n", "8 path=\n", "2 \n", "1\n", "0 \n", " 14 path=sys/y\n", "14\tpath=sys/y\n",
        "16 path=sys/y\u{0}z\n", "14 path=sys/\u{1B}\n", "14 path=sys/\n\n", "14 path=sys/y\n14 path=sys/y\n",
        "14 path=sys/y\n\n", "14 path=sys/y\n\u{0}",
    ]) func damagedRecordsAreRefused(_ records: String) {
        #expect(refusal(archive(records: Array(records.utf8)))?.contains("extended header") == true)
    }

    @Test func aNameThatIsNoTextIsRefused() {
        let records = Array("14 path=sys/".utf8) + [0xFF, UInt8(ascii: "\n")]
        #expect(refusal(archive(records: records))?.contains("damaged extended header") == true)
    }

    /// A reader that skipped them would see another archive than tar does.
    @Test(arguments: [
        "9 size=1\n", "30 GNU.sparse.name=sys/hidden\n", "21 hdrcharset=BINARY\n", "20 SCHILY.xattr.a=b\n",
    ]) func keysThatChangeTheMemberAreRefused(_ records: String) {
        #expect(refusal(archive(records: Array(records.utf8)))?.contains("not read") == true)
    }

    @Test(arguments: ["/etc/passwd", "../passwd", "sys/../y", "dev/y", "sys//y", ".."])
    func aRecordLeadsNowhereElse(_ path: String) {
        let refusal = refusal(archive(records: PaxRecords(path: path).bytes))
        #expect(refusal?.contains(path) == true && refusal?.contains("extended") == false)
    }

    @Test func aLinksTargetBelongsToALink() {
        let link = Array("24 linkpath=../../shadow\n".utf8)
        #expect(refusal(archive(records: Array("25 linkpath=../../shadow\n".utf8)))?.contains("not a link") == true)
        #expect(refusal(archive(records: link, type: UInt8(ascii: "2")))?.contains("extended header") == true)
        let target = archive(records: Array("25 linkpath=../../shadow\n".utf8), type: UInt8(ascii: "2"))
        #expect(refusal(target)?.contains("leads out") == true)
    }

    @Test func anExtendedHeaderBelongsToAMember() {
        let alone = archive(records: Array("14 path=sys/y\n".utf8))
        #expect(refusal(Array(alone[..<1024]) + [UInt8](repeating: 0, count: 1024))?.contains("ends after") == true)
        let twice = Array(alone[..<1024]) + alone
        #expect(refusal(twice)?.contains("neither") == true)
    }

    @Test func moreRecordsThanNamesNeedAreRefused() {
        let comment = String(repeating: "c", count: PaxRecords.maximumBytes)
        let records = Array("\(comment.utf8.count + 15) comment=\(comment)\n".utf8)
        #expect(refusal(archive(records: records))?.contains("more than names can need") == true)
        let long = String(repeating: "p", count: TarEntry.maximumNameBytes + 1)
        #expect(refusal(archive(records: PaxRecords(path: long).bytes))?.contains("extended header") == true)
        let wide = "sys/" + String(repeating: "w", count: 256)
        #expect(refusal(archive(records: PaxRecords(path: wide).bytes))?.contains("component") == true)
    }

    @Test func everyTruncationIsRefused() {
        let bytes = archive([Self.longLink])
        for length in 0..<(bytes.count - 2 * 512) { #expect(refusal(Array(bytes[..<length])) != nil, "\(length)") }
    }

    // MARK: - Recording

    /// A chip below so many bridges that its path has more than 255 bytes.
    @Test func aDeviceFarFromTheRootIsRecorded() throws {
        let tree = try FixtureTree()
        let device = Self.folder + "hwmon/hwmon0"
        try tree.write(under: device, ["name": "chip", "temp1_input": "41000"])
        try tree.link("sys/class/hwmon/hwmon0", "../../" + device.dropFirst("sys/".count))
        var recorder = CaptureRecorder(root: tree.root, kerfVersion: "0")
        let (archive, manifest) = try recorder.record()
        #expect(manifest.omitted == [])
        let copy = try FixtureTree()
        try Capture(archive, name: "box.tar").unpack(into: copy.path)
        #expect(try copy.text("sys/class/hwmon/hwmon0/temp1_input") == "41000\n")
    }
}
