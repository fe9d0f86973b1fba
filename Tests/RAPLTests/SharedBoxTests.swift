import ProbeKit
import ProfileFormat
import RAPL
import TestSupport
import Testing

/// The trees of real machines, where they are present: as they lie, and with their links restored.
@Suite(.enabled(if: SharedBoxes.arePresent, "\(SharedBoxes.reason)"))
struct SharedBoxTests {
    private func eachWay(_ box: String, _ check: (RAPLProbe) throws -> Void) throws {
        try check(RAPLProbe(root: try SharedBoxes.root(box)))
        let copy = try SharedBoxes.materialised(box)
        try check(RAPLProbe(root: copy.root))
    }

    @Test func thinkpadKeepsThePlatformApart() throws {
        try eachWay("thinkpad-l480") { probe in
            let tree = probe.tree()
            #expect(
                tree.identifiers == ["package-0", "package-0/core", "package-0/uncore", "package-0/dram", "psys"])
            #expect(tree.totalFormula == "package-0 + package-0/dram")
            #expect(tree.roles["psys"] == .platform)
            #expect(tree.domains.allSatisfy { $0.wrapRangeMicrojoules == nil })
            let meter = try probe.meter()
            #expect(
                try meter.read().microjoules == [
                    26_716_954_797, 12_628_860_370, 2_711_815_506, 7_743_988_048, 850_171_102,
                ])
            #expect(probe.availability().status == .present)
        }
    }

    @Test func threadripperHasOneCounterShownTwice() throws {
        try eachWay("threadripper-1950x-two-dies") { probe in
            let tree = probe.tree()
            #expect(tree.roles == ["package-0-die-0": .counted, "package-0-die-1": .mirror(of: "package-0-die-0")])
            #expect(tree.totalFormula == "package-0-die-0")
            #expect(tree.domains.allSatisfy { $0.wrapRangeMicrojoules == 65_532_610_987 })
            #expect(probe.ratedPowerWatts() == nil)
        }
    }

    @Test func mixedClientIsReadFromFlatZones() throws {
        try eachWay("mixed-client") { probe in
            let tree = probe.tree()
            #expect(tree.roles == ["package-0": .counted, "package-0/core": .nested])
            #expect(tree.totalFormula == "package-0")
            #expect(probe.ratedPowerWatts() == 95)
            let readings = probe.readings()
            #expect(readings.readings.first == Reading(sensor: "package-0", value: 240_422.366267, unit: .joules))
            #expect(readings.failures.isEmpty)
        }
    }
}
