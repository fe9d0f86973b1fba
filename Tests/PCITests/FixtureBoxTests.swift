import PCI
import ProbeKit
import SystemPackage
import TestSupport
import Testing

/// The made-up boxes that every clone has, as they lie and with their links flattened; and made-up dumps.
@Suite("PCI devices of the fixtures")
struct FixtureBoxTests {
    struct Known: Sendable {
        var name: String
        var addresses: [String] = []
        var identifiers: [String]
        var links: [PCILink?]
    }

    private static func link(_ now: Double, of best: Double, lanes: Int, of bestLanes: Int) -> PCILink {
        PCILink(
            currentGigatransfersPerSecond: now, bestGigatransfersPerSecond: best, currentWidth: lanes,
            bestWidth: bestLanes)
    }

    private static let boxes = [
        // The drive shows 64 bytes only, so its link comes from sysfs.
        Known(
            name: "xeon-two-socket-dram", addresses: ["0000:17:00.0", "0000:17:02.0", "0000:18:00.0", "0000:19:00.0"],
            identifiers: ["8086:5f01", "8086:5f03", "10de:5f02", "144d:5f04"],
            links: [
                link(8, of: 16, lanes: 8, of: 16), link(8, of: 8, lanes: 4, of: 4), link(8, of: 16, lanes: 8, of: 16),
                link(8, of: 16, lanes: 4, of: 4),
            ]),
        Known(
            name: "epyc-multi-die", addresses: ["0000:00:18.3", "0000:00:19.3"],
            identifiers: ["1022:5f10", "1022:5f10"],
            links: [nil, nil]),
        // A graphics unit of the root complex has no link.
        Known(
            name: "hybrid-laptop-battery", addresses: ["0000:00:02.0", "0000:00:06.0", "0000:01:00.0"],
            identifiers: ["8086:5f21", "8086:5f22", "15b7:5f23"],
            links: [nil, link(16, of: 16, lanes: 4, of: 4), link(16, of: 16, lanes: 4, of: 4)]),
        // Domains other than 0.
        Known(
            name: "jetson-ina3221", addresses: ["0008:00:00.0", "0008:01:00.0"],
            identifiers: ["10de:5f31", "10ec:5f32"],
            links: [link(2.5, of: 16, lanes: 1, of: 2), link(2.5, of: 2.5, lanes: 1, of: 1)]),
        Known(
            name: "raspberry-pi", addresses: ["0002:00:00.0", "0002:01:00.0"], identifiers: ["14e4:5f41", "1de4:5f42"],
            links: [link(5, of: 5, lanes: 4, of: 4), link(5, of: 5, lanes: 4, of: 4)]),
        // An emulated device with a link capability and no width has no link.
        Known(
            name: "kvm-guest", addresses: ["0000:00:00.0", "0000:00:01.0", "0000:01:00.0"],
            identifiers: ["8086:5f51", "1b36:5f52", "1af4:1041"],
            links: [nil, link(16, of: 16, lanes: 32, of: 32), nil]),
    ]

    @Test("devices, ids and links", arguments: boxes)
    func devices(_ known: Known) throws {
        try FixtureBoxes.eachWay(known.name) { root in
            let survey = try PCIProbe(root: root).survey()
            #expect(survey.failures.isEmpty)
            #expect(survey.devices.map(\.address) == known.addresses)
            #expect(survey.devices.map(\.identifier) == known.identifiers)
            #expect(survey.devices.map(\.link) == known.links)
        }
    }

    @Test("every other box has no bus", arguments: FixtureBoxes.names)
    func absent(name: String) throws {
        let availability = PCIProbe(root: try FixtureBoxes.root(name)).availability()
        #expect((availability.status == .present) == Self.boxes.contains { $0.name == name })
    }

    /// Expected by hand from the registers in the files.
    private static let dumps = [
        Known(name: "root-port-slow-link", identifiers: ["8086:5f61"], links: [link(2.5, of: 8, lanes: 4, of: 4)]),
        Known(name: "endpoint-narrow-link", identifiers: ["14c3:5f62"], links: [link(5, of: 5, lanes: 1, of: 2)]),
        // A dump of all 4096 bytes.
        Known(
            name: "accelerator-at-its-best", addresses: ["0001:41:00.0"], identifiers: ["10de:5f63"],
            links: [link(32, of: 32, lanes: 16, of: 16)]),
        Known(
            name: "root-complex-parts", addresses: ["0000:6b:00.0", "0000:6b:00.4"],
            identifiers: ["8086:5f64", "8086:5f65"], links: [nil, nil]),
    ]

    @Test("dumps by lspci", arguments: dumps)
    func dump(_ known: Known) throws {
        let survey = try PCIDump.survey(of: FixtureBoxes.fixtures.appending("lspci").appending(known.name))
        #expect(survey.failures.isEmpty)
        if !known.addresses.isEmpty { #expect(survey.devices.map(\.address) == known.addresses) }
        #expect(survey.devices.map(\.identifier) == known.identifiers)
        #expect(survey.devices.map(\.link) == known.links)
    }
}
