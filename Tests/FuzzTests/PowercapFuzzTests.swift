import ProbeKit
import ProfileFormat
import RAPL
import Statistics
import SystemIO
import TestSupport
import Testing

/// Random powercap trees: names of every kind and none, zones below each other in any way, values of every kind.
@Suite("Random powercap trees")
struct PowercapFuzzTests {
    /// What a tree's files hold.
    struct Tree: CustomStringConvertible {
        var files: [(path: String, text: String)] = []
        var links: [(path: String, target: String)] = []

        var description: String {
            (files.map { "\($0.path) = \($0.text)" } + links.map { "\($0.path) -> \($0.target)" }).joined(
                separator: "\n")
        }

        static let names = [
            "package-0", "package-1", "package-0-die-0", "package-0-die-1", "package-10", "core", "uncore", "dram",
            "psys",
            "psys-1", "package-", "package--1", "package-0-die-", "package-99999999999999999999", "package-0-die-1-x",
            "core@intel-rapl:0:0", "core@intel-rapl:0:1", "core@intel-rapl:0:2", "package-0@intel-rapl:0", "dram@", "@",
            "", "/", "..", "a/b", "\u{1B}[2J", "päckage-0", "package-0\npackage-1", "npu",
            String(repeating: "x", count: 5000),
        ]
        static let numbers = [
            "0", "1", "262143328850", "65532610987", "18446744073709551615", "18446744073709551616", "-1", "", "\n",
            "x",
            "1e9", "0x10", " 7 ", "7\u{0}\u{0}", "99999999999999999999999999999999999", "12 34",
        ]

        init(using random: inout SeededGenerator) {
            func value() -> String {
                Int.random(in: 0..<3, using: &random) == 0
                    ? Self.numbers.randomElement(using: &random)!
                    : "\(UInt64.random(in: 0...300_000_000_000, using: &random))\n"
            }
            let types = ["intel-rapl", "intel-rapl-mmio", "intel-rapl-tpmi", "dtpm", "intel-rapl:"]
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                var device = types.randomElement(using: &random)!
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    device += ":\(Int.random(in: 0...3, using: &random))"
                }
                var place = "sys/class/powercap/\(device)"
                if Int.random(in: 0..<4, using: &random) == 0 {
                    place = "sys/class/powercap/intel-rapl/intel-rapl:0/\(device)"
                }
                if Int.random(in: 0..<6, using: &random) == 0 {
                    links.append(
                        (place, ["..", ".", "../powercap/\(device)", "intel-rapl:0"].randomElement(using: &random)!))
                    continue
                }
                if Bool.random(using: &random) || Bool.random(using: &random) {
                    files.append(("\(place)/name", Self.names.randomElement(using: &random)! + "\n"))
                }
                files.append(("\(place)/energy_uj", value()))
                if Bool.random(using: &random) { files.append(("\(place)/max_energy_range_uj", value())) }
                if Int.random(in: 0..<3, using: &random) == 0 {
                    files.append(("\(place)/constraint_0_name", "long_term\n"))
                    files.append(("\(place)/constraint_0_max_power_uw", value()))
                }
            }
        }

        func box() throws -> FixtureTree {
            let box = try FixtureTree()
            // Two zones may want one place; the first has it.
            for (path, text) in files { try? box.write(path, text) }
            for (path, target) in links { try? box.link(path, target) }
            return box
        }
    }

    @Test func everyTreeGivesATotalOrAReason() throws {
        var (present, refused) = (0, 0)
        try FuzzRun(name: "powercap", rounds: 250)(
            make: { random in
                let tree = Tree(using: &random)
                return (tree, Array("\(tree)".utf8))
            },
            attempt: { plan, seed in
                let box = try plan.box()
                let probe = RAPLProbe(root: box.root)
                #expect(probe.tree().brokenRule == nil, "seed \(seed)")
                let availability = probe.availability()
                #expect(!"\(availability)".contains("\n"), "seed \(seed)")
                _ = probe.ratedPowerWatts()
                _ = probe.readings()
                do throws(KerfError) {
                    let meter = try probe.meter()
                    let (start, end) = (try meter.read(), try meter.read())
                    let joules = try meter.joules(from: start, to: end)
                    // Nothing changed between the two.
                    #expect(meter.total(of: joules) == 0, "seed \(seed)")
                    #expect(availability.status == .present && !meter.tree.counted.isEmpty, "seed \(seed)")
                    present += 1
                } catch {
                    #expect(!error.description.contains("\n"), "seed \(seed): \(error)")
                    refused += 1
                }
            })
        #expect(present > 0 && refused > 0, "\(present) present, \(refused) refused")
    }
}
