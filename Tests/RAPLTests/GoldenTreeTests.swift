import FoundationEssentials
import ProbeKit
import ProfileFormat
import RAPL
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// Whole domain trees and totals of boxes against texts that were written by hand, from the boxes' files and not by
/// running Kerf. The real machines' trees are read as they lie and with their links restored; the others are ours.
@Suite("Golden domain trees")
struct GoldenTreeTests {
    @Test(
        "real machines", .enabled(if: SharedBoxes.arePresent, "\(SharedBoxes.reason)"),
        arguments: [
            "thinkpad-l480", "threadripper-1950x-two-dies", "mixed-client", "arm64-two-clusters", "intel-hybrid-6p8e",
        ])
    func realMachine(name: String) throws {
        let golden = try Self.golden(name)
        #expect(Self.text(RAPLProbe(root: try SharedBoxes.root(name))) == golden)
        let copy = try SharedBoxes.materialised(name)
        #expect(Self.text(RAPLProbe(root: copy.root)) == golden)
    }

    /// Every box in the folder of boxes that has a powercap tree has its golden text.
    @Test("no box is forgotten", .enabled(if: SharedBoxes.arePresent, "\(SharedBoxes.reason)"))
    func complete() throws {
        let folder = try #require(SharedBoxes.folder)
        for name in SystemRoot().names(in: folder) {
            let zones = folder.appending(name).appending("sys/class/powercap")
            guard SystemRoot().isDirectory(zones) else { continue }
            #expect(throws: Never.self, "\(name)") { try Self.golden(name) }
        }
    }

    @Test("our own trees", arguments: OwnTree.allCases)
    func own(tree: OwnTree) throws {
        let box = try FixtureTree()
        for zone in tree.zones {
            try box.zone(zone.device, name: zone.name, microjoules: zone.microjoules, range: zone.range)
        }
        #expect(Self.text(RAPLProbe(root: box.root)) == (try Self.golden("own-\(tree.rawValue)")))
    }

    static func golden(_ name: String) throws -> String {
        let file = FilePath(#filePath).removingLastComponent().appending("Golden/\(name).txt")
        return String(decoding: try Data(contentsOf: URL(filePath: file.string)), as: UTF8.self)
    }

    /// One line a domain: identifier, role, reading, range; then the total as a sum of named domains.
    static func text(_ probe: RAPLProbe) -> String {
        let tree = probe.tree()
        guard !tree.domains.isEmpty else {
            let reason = probe.availability().reason
            return "absent: \(reason.split(separator: ": ").last ?? "")\n"
        }
        let readings = Dictionary(
            uniqueKeysWithValues: probe.readings().readings.map { ($0.sensor, UInt64(($0.value * 1e6).rounded())) })
        var text = ""
        for domain in tree.domains {
            let role =
                switch domain.role {
                case .counted: "counted"
                case .nested: "nested"
                case .platform: "platform"
                case .external: "external"
                case .mirror(let original): "mirror of \(original)"
                case .unreadable: "unreadable"
                }
            let reading = readings[domain.identifier].map { "\($0) µJ" } ?? "no reading"
            let range = domain.wrapRangeMicrojoules.map { "range \($0) µJ" } ?? "range unknown"
            text += "\(domain.identifier) | \(role) | \(reading) | \(range)\n"
        }
        let total = tree.counted.compactMap { readings[$0.identifier] }.reduce(0, +)
        return text + "total = \(tree.totalFormula) = \(total) µJ\n"
    }
}
