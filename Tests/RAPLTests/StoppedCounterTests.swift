import ProbeKit
import ProfileFormat
import SystemIO
import TestSupport
import Testing

@testable import RAPL

/// A total with a counter that nothing updates would lack its energy without a sign.
@Suite("Counters of the total that stand still")
struct StoppedCounterTests {
    /// The entries of two packages with memory, after their counters were watched.
    ///
    /// - Parameter stopped: devices whose counters do not move.
    private func watched(stopped: Set<String>) throws -> [RAPLDomains.Entry] {
        let box = try FixtureTree()
        for (zone, name) in [
            ("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "dram"), ("intel-rapl:1", "package-1"),
            ("intel-rapl:1:0", "core"), ("intel-rapl-mmio:0", "package-0"),
        ] {
            try box.zone(zone, name: name, microjoules: "1000000")
        }
        var entries = RAPLDomains(root: box.root).entries
        var reads: UInt64 = 0
        RAPLDomains.watch(&entries) { entry in
            reads += 1
            return stopped.contains(entry.zone.device) ? 1_000_000 : 1_000_000 + reads
        }
        RAPLDomains.assignRoles(&entries)
        return entries
    }

    private func reason(_ device: String, in entries: [RAPLDomains.Entry]) throws -> String? {
        guard case .unreadable(let reason) = try #require(entries.first { $0.zone.device == device }).domain.role else {
            return nil
        }
        return reason
    }

    @Test func aPackageThatStandsStillIsNoPartOfATotal() throws {
        let entries = try watched(stopped: ["intel-rapl:1"])
        #expect(try reason("intel-rapl:1", in: entries)?.contains("stands still") == true)
        let stale = try #require(entries.first { $0.zone.device == "intel-rapl:1" }?.failure)
        #expect(Availability(stale).status == .stale)
        #expect(stale.location?.hasSuffix("intel-rapl:1/energy_uj") == true)
    }

    /// The register is there and always zero on some clients.
    @Test func memoryThatStandsStillIsLeftOutByName() throws {
        let entries = try watched(stopped: ["intel-rapl:0:0"])
        #expect(try reason("intel-rapl:0:0", in: entries)?.contains("stands still") == true)
        #expect(EnergyDomainTree(entries.map(\.domain)).totalFormula == "package-0 + package-1")
    }

    /// A core may sleep, and a view of a counter is not counted.
    @Test func partsOutsideTheTotalMayStandStill() throws {
        let entries = try watched(stopped: ["intel-rapl:1:0", "intel-rapl-mmio:0"])
        #expect(entries.allSatisfy { $0.failure == nil })
    }

    @Test func whereNothingMovesNothingIsConcluded() throws {
        let all: Set = ["intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl:1:0", "intel-rapl-mmio:0"]
        let entries = try watched(stopped: all)
        #expect(entries.allSatisfy { $0.failure == nil })
    }
}
