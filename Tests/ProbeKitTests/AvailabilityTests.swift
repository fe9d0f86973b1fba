import Glibc
import ProbeKit
import Quantities
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// Absent, forbidden, masked, broken, implausible and stale are different answers, and one place decides which.
@Suite("The answer of an interface that cannot be used")
struct AvailabilityTests {
    @Test(
        arguments: [
            (.notFound, .absent), (.noSuchFile, .absent), (.permissionDenied, .forbidden), (.masked, .masked),
            (.ioError, .broken), (.busy, .broken), (.invalidReading, .broken), (.ambiguousReading, .broken),
            (.implausibleReading, .implausible), (.staleReading, .stale),
        ] as [(KerfError.Code, Availability.Status)])
    func anErrorIsItsAnswer(code: KerfError.Code, status: Availability.Status) {
        let error = KerfError(code, "the cause", at: "/sys/file", remedy: "the remedy")
        let availability = Availability(error)
        #expect(availability == Availability(status, reason: "/sys/file: the cause", remedy: "the remedy"))
        #expect(availability.text(of: "hwmon") == "hwmon \(status.rawValue): /sys/file: the cause")
        #expect(
            Availability(KerfError(availability)) == availability, "an answer that becomes an error stays what it is")
    }

    /// What is there and cannot be used has advice; what is missing is the interface's to advise on.
    @Test(
        arguments: [
            (.permissionDenied, "/class/*/"), (.ioError, "dmesg"), (.invalidReading, "dmesg"),
            (.implausibleReading, "dmesg"), (.notFound, nil), (.masked, nil), (.staleReading, nil),
        ] as [(KerfError.Code, String?)])
    func whatIsThereHasAdvice(code: KerfError.Code, word: String?) {
        let remedy = KerfError(code, "the cause").advised(toRead: "/class/*/").remedy
        #expect((remedy == nil) == (word == nil))
        if let word { #expect(remedy?.description.contains(word) == true) }
        let advised = KerfError(code, "the cause", remedy: "the remedy")
        #expect(advised.advised(toRead: "/class/*/") == advised)
    }

    @Test func aRemedyNamesWhatItIsFor() {
        #expect(Remedy.of("for hwmon", "load its driver").description == "for hwmon: load its driver")
    }
}

@Suite("Entries of a class directory that lead nowhere")
struct ObstacleTests {
    /// Nothing behind the links, as in a tree that lacks sys/devices; an empty directory there, as a container mounts it.
    @Test(arguments: [nil, "sys/devices/virtual", "sys/devices/virtual/powercap"])
    func aLinkToNothingIsMasked(mounted: String?) throws {
        let tree = try FixtureTree()
        try tree.link("sys/class/powercap/zone", "../../devices/virtual/powercap/zone")
        if let mounted { try tree.directory(mounted) }
        let obstacle = try #require(tree.root.obstacle(to: tree.file("sys/class/powercap/zone")))
        #expect(obstacle.code == .masked)
        let place = "/" + (mounted ?? "sys/devices")
        #expect(obstacle.message.contains("\(place),") && obstacle.remedy?.description.contains(place) == true)
    }

    @Test func aFlattenedLinkToNothingIsMasked() throws {
        let tree = try FixtureTree()
        try tree.write("sys/class/hwmon/hwmon0", "../../devices/platform/chip/hwmon/hwmon0")
        #expect(tree.root.obstacle(to: tree.file("sys/class/hwmon/hwmon0"))?.code == .masked)
    }

    /// Neither hides anything that is there.
    @Test func aFileThatIsNoLinkIsBroken() throws {
        let tree = try FixtureTree()
        try tree.write("sys/class/hwmon/hwmon0", "garbage\n")
        #expect(mkfifo(tree.file("sys/class/hwmon/hwmon1").string, 0o600) == 0)
        try tree.write("sys/class/hwmon/.keep", "")
        let obstacles = tree.root.obstacles(in: tree.file("sys/class/hwmon"))
        #expect(obstacles.map { Availability($0).status } == [.broken, .broken])
        #expect(obstacles.last?.message.contains("pipe") == true)
    }

    @Test func aDirectoryIsNoObstacleAndOneOutsideIsNotTheBoxs() throws {
        let (tree, outside) = (try FixtureTree(), try FixtureTree())
        try tree.directory("sys/devices/zone")
        try tree.link("sys/class/inside", "../devices/zone")
        try tree.link("sys/class/outside", outside.path.string)
        #expect(tree.root.obstacle(to: tree.file("sys/class/inside")) == nil)
        #expect(tree.root.obstacle(to: tree.file("sys/class/outside"))?.code == .notFound)
    }

    @Test func aClassDirectoryHasThoseOfItsEntries() throws {
        let tree = try FixtureTree()
        let directory = tree.file("sys/class/power")
        #expect(tree.root.obstacles(in: directory).isEmpty, "what is not there lists nothing")
        try tree.directory("sys/class/power/here")
        #expect(tree.root.obstacles(in: directory).isEmpty)
        try tree.link("sys/class/power/away", "../../devices/away")
        try tree.link("sys/class/power/other", "../../devices/other")
        #expect(tree.root.obstacles(in: directory).map(\.code) == [.masked, .masked])
        #expect(tree.root.obstacles(in: directory) { $0 != "other" }.map(\.location) == [directory.string + "/away"])
    }

    @Test func aClassDirectoryThatIsALinkToNothingIsMasked() throws {
        let tree = try FixtureTree()
        try tree.link("sys/class/power", "../devices/virtual/power")
        let obstacles = tree.root.obstacles(in: tree.file("sys/class/power"))
        #expect(obstacles.map(\.code) == [.masked])
        #expect(obstacles.first?.location == tree.file("sys/class/power").string)
    }

    /// A link to itself cannot be listed by anyone.
    @Test func aClassDirectoryThatCannotBeListedIsAnObstacleItself() throws {
        let tree = try FixtureTree()
        try tree.link("sys/class/power", "power")
        let obstacles = tree.root.obstacles(in: tree.file("sys/class/power"))
        #expect(obstacles.map(\.location) == [tree.file("sys/class/power").string])
        #expect(obstacles.allSatisfy { Availability($0).status == .broken })
    }
}

@Suite("Recordings")
struct RecordingRootTests {
    @Test func aTreeIsARecordingUnlessItIsABoard() throws {
        let tree = try FixtureTree()
        #expect(tree.root.isRecording && tree.root.origin == .recorded)
        try tree.write("kerf/board.json", "{}")
        #expect(!tree.root.isRecording && tree.root.origin == .simulated)
    }

    @Test func theRunningSystemIsNone() {
        #expect(!SystemRoot().isRecording && SystemRoot().origin == .measured)
    }
}
