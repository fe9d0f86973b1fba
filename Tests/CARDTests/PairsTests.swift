import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing

/// Decisions for several devices and servers.
@Suite("Several devices and servers")
struct PairsTests {
    /// A box whose blocks take so long and draw so much; each has a digest of its own.
    static func box(
        _ name: String, blockSeconds: Double = 0.01, watts: Double = 40, blocks: Int = 4,
        change: (inout Calibration) -> Void = { _ in }
    ) throws -> PairsDecider.Box {
        var planted = SyntheticProfile()
        planted.blocks = blocks
        (planted.blockSeconds, planted.headSeconds) = (blockSeconds, 2.5 * blockSeconds)
        (planted.forwardWatts, planted.backwardWatts) = (watts, watts)
        planted.cpuModel = "CPU of \(name)"
        var calibration = try Calibration.planted(planted)
        change(&calibration)
        let digest = SHA256.hexDigest(of: try KerfJSON.encode(calibration))
        return PairsDecider.Box(name: name, side: .init(calibration: calibration, sha256: digest))
    }

    static func decide(
        _ devices: [PairsDecider.Box], _ servers: [PairsDecider.Box], links: [Link]? = nil,
        _ change: (inout Decider) -> Void = { _ in }
    ) throws -> Decisions {
        let link = try DeciderTests.link()
        var decider = Decider(link: link)
        change(&decider)
        return try PairsDecider(
            decider: decider, devices: devices, servers: servers,
            links: links ?? Array(repeating: link, count: devices.count * servers.count)
        ).decide()
    }

    private func chosen(_ pair: DecidedPair) throws -> DecidedCut {
        let decision = try #require(pair.decision)
        return try #require(decision.cuts.first { $0.cut == decision.choice.cut })
    }

    @Test("each pair has the decision of its two boxes alone, in the order given")
    func alone() throws {
        let devices = [try Self.box("phone", blockSeconds: 0.05, watts: 5), try Self.box("pi", blockSeconds: 0.09)]
        let servers = try ["edge": 0.006, "cloud": 0.003, "old": 0.03].sorted { $0.key < $1.key }
            .map { try Self.box($0.key, blockSeconds: $0.value, watts: 90) }
        let links = try (1...6).map { try DeciderTests.link("up=\(10 * $0)mbit,down=80mbit,rtt=\($0)ms") }
        let decisions = try Self.decide(devices, servers, links: links)
        #expect(
            decisions.pairs.map { [$0.device, $0.server] } == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
        for (place, pair) in decisions.pairs.enumerated() {
            let alone = try Decider(link: links[place]).decide(
                device: devices[pair.device].side, server: servers[pair.server].side)
            #expect(try KerfJSON.encode(try #require(pair.decision)) == KerfJSON.encode(alone))
            #expect(decisions.pair(device: pair.device, server: pair.server).decision?.link == links[place])
        }
        let bytes = try KerfJSON.encode(decisions)
        let again = try KerfJSON.decode(Decisions.self, from: bytes, named: "decisions.json")
        #expect(try KerfJSON.encode(again) == bytes)
    }

    @Test("with one server the cost is the decision's own, and the round of one device is its decision")
    func onePair() throws {
        for (device, server) in [(0.05, 0.005), (0.004, 0.02)] {
            let decisions = try Self.decide(
                [Self.box("phone", blockSeconds: device)], [Self.box("edge", blockSeconds: server)])
            let cut = try chosen(decisions.pairs[0])
            #expect(decisions.pairs[0].cost == cut.cost)
            #expect(decisions.deviceChoices[0].server == 0 && decisions.deviceChoices[0].fastestServer == 0)
            let round = decisions.round
            #expect(round.server == 0 && round.excludedDevices.isEmpty && round.servers[0].cost == cut.cost)
            #expect(round.servers[0].delaySeconds.value == cut.delaySeconds.value)
            #expect(round.servers[0].delaySeconds.lower == cut.delaySeconds.lower)
            #expect(round.delayNormalizerSeconds == decisions.pairs[0].decision?.delayNormalizerSeconds)
            #expect(round.energyNormalizerJoules == decisions.pairs[0].decision?.energyNormalizerJoules)
        }
    }

    @Test("costs of a device's servers are of one value of a second and of a joule, from the corners of them all")
    func costs() throws {
        let device = try Self.box("phone", blockSeconds: 0.05)
        let servers = [
            try Self.box("fast", blockSeconds: 0.004, watts: 150), try Self.box("slow", blockSeconds: 0.01, watts: 30),
            try Self.box("mean", blockSeconds: 0.007, watts: 60),
        ]
        for weight in [0, 0.2, 0.5, 0.9, 1] {
            let decisions = try Self.decide([device], servers) { $0.weight = weight }
            // From the baselines, which the decisions state apart from their normalizers.
            let baselines = decisions.pairs.compactMap(\.decision?.baselines)
            func values(_ place: Int, _ value: KeyPath<DecidedCut, Quantity>) -> [Double] {
                baselines.compactMap { $0[place].at[keyPath: value].value }
            }
            let (fastest, slowest) = (
                try #require(values(0, \.delaySeconds).min()), try #require(values(1, \.delaySeconds).max())
            )
            let (least, most) = (
                try #require(values(1, \.serverEnergyJoules).min()),
                try #require(values(0, \.serverEnergyJoules).max())
            )
            var costs: [Double] = []
            for pair in decisions.pairs {
                let cut = try chosen(pair)
                let (seconds, joules) = (
                    try #require(cut.delaySeconds.value), try #require(cut.serverEnergyJoules.value)
                )
                let cost =
                    weight * (seconds - fastest) / (slowest - fastest) + (1 - weight) * (joules - least)
                    / (most - least)
                #expect(abs(cost - (try #require(pair.cost))) < 1e-12)
                costs.append(cost)
            }
            let best = try #require(decisions.deviceChoices[0].server)
            #expect(costs[best] <= (try #require(costs.min())) + 1e-9)
            let delays = try decisions.pairs.map { try #require(try chosen($0).delaySeconds.value) }
            #expect(delays[try #require(decisions.deviceChoices[0].fastestServer)] == delays.min())
        }
    }

    @Test("a server that is slower and draws more is never the best, in whatever place it stands")
    func dominated() throws {
        let device = try Self.box("phone", blockSeconds: 0.02)
        let (good, bad) = (
            try Self.box("good", blockSeconds: 0.004, watts: 60), try Self.box("bad", blockSeconds: 0.012, watts: 90)
        )
        for weight in stride(from: 0.05, through: 0.95, by: 0.15) {
            for (servers, best) in [([good, bad], 0), ([bad, good], 1)] {
                let decisions = try Self.decide([device, device], servers) { $0.weight = weight }
                for choice in decisions.deviceChoices {
                    // Where all runs on the device, both servers are the same.
                    let cuts = decisions.pairs.compactMap(\.decision?.choice.kind)
                    #expect(choice.server == best || cuts.allSatisfy { $0 == .deviceOnly }, "weight \(weight)")
                }
            }
        }
    }

    @Test("a round is the sum over the devices that take turns, and its server the one of least cost")
    func round() throws {
        let devices = try [0.02, 0.05, 0.08].map { try Self.box("d\($0)", blockSeconds: $0, watts: 20) }
        let servers = [
            try Self.box("fast", blockSeconds: 0.003, watts: 200), try Self.box("lean", blockSeconds: 0.009, watts: 15),
        ]
        let decisions = try Self.decide(devices, servers)
        for server in servers.indices {
            let cuts = try devices.indices.map { try chosen(decisions.pair(device: $0, server: server)) }
            let sum = decisions.round.servers[server]
            for (total, parts) in [
                (sum.delaySeconds, cuts.map(\.delaySeconds)), (sum.serverEnergyJoules, cuts.map(\.serverEnergyJoules)),
                (
                    sum.deviceEnergyJoules,
                    devices.indices.map { decisions.pair(device: $0, server: server).deviceEnergyJoules }
                ),
            ] {
                let value = try #require(total.value)
                #expect(abs(value - parts.compactMap(\.value).reduce(0, +)) <= 1e-12 * value)
                let width = parts.reduce(0) { $0 + (($1.upper ?? 0) - ($1.lower ?? 0)) }
                #expect(abs((total.upper ?? 0) - (total.lower ?? 0) - width) <= 1e-9 * value)
                #expect(total.origin == .weakest(parts.map(\.origin)))
            }
        }
        let costs = decisions.round.servers.compactMap(\.cost)
        let least = try #require(costs.min())
        #expect(costs.count == 2 && costs.firstIndex(of: least) == decisions.round.server)
        let normalizers = (decisions.round.delayNormalizerSeconds, decisions.round.energyNormalizerJoules)
        for row in decisions.round.servers {
            let share = normalizers.0.share(try #require(row.delaySeconds.value))
            let energy = normalizers.1.share(try #require(row.serverEnergyJoules.value))
            #expect(abs((try #require(row.cost)) - 0.2 * share - 0.8 * energy) < 1e-12)
        }
    }

    @Test("a pair that cannot be decided has its reason, and costs the others nothing")
    func unavailable() throws {
        let devices = [
            try Self.box("phone"), try Self.box("other model", blocks: 7), try Self.box("deaf", blocks: 3),
        ]
        let servers = [try Self.box("edge"), try Self.box("for seven", blocks: 7)]
        let decisions = try Self.decide(devices, servers)
        #expect(decisions.pairs.map { $0.decision != nil } == [true, false, false, true, false, false])
        for pair in decisions.pairs where pair.decision == nil {
            #expect(pair.unavailable?.contains("not of the same training step") == true)
            #expect(pair.cost == nil && pair.deviceEnergyJoules.origin == .unavailable)
        }
        #expect(decisions.deviceChoices.map(\.server) == [0, 1, nil])
        // The third device is left out; of the other two, each server lacks one.
        #expect(decisions.round.excludedDevices == [2] && decisions.round.server == nil)
        #expect(decisions.round.servers.map(\.missingDevices) == [[1], [0]])
        #expect(decisions.round.servers.allSatisfy { $0.cost == nil && $0.delaySeconds.origin == .unavailable })
        #expect(decisions.round.servers[0].delaySeconds.reason?.contains("other model") == true)
        let bytes = try KerfJSON.encode(decisions)
        #expect(try KerfJSON.encode(KerfJSON.decode(Decisions.self, from: bytes, named: "d.json")) == bytes)
    }

    @Test("where no pair can be decided the error is the first pair's, and says which")
    func none() throws {
        let error = #expect(throws: KerfError.self) {
            try Self.decide([Self.box("phone", blocks: 3), Self.box("pi", blocks: 5)], [Self.box("edge")])
        }
        #expect(error?.code == .incompatible)
        #expect(error?.message.contains("none of the 2 pairs") == true && error?.message.contains("phone") == true)
        #expect(throws: KerfError.self) {
            try PairsDecider(
                decider: Decider(link: DeciderTests.link()), devices: [Self.box("a")], servers: [Self.box("b")],
                links: [])
        }
    }

    @Test("limits of memory and declared powers belong to their boxes")
    func ownSettings() throws {
        var (small, large) = (
            try Self.box("small") { $0.plantMemory(megabytes: 100) },
            try Self.box("large") { $0.plantMemory(megabytes: 100) }
        )
        (small.memoryBytes, large.memoryBytes) = (2.5e8, 1e12)
        var (narrow, wide) = (
            try Self.box("narrow") { $0.plantMemory(megabytes: 100) },
            try Self.box("wide") { $0.plantMemory(megabytes: 100) }
        )
        // Too small for the head and a block beside what a small device can take.
        (narrow.memoryBytes, wide.declaredWatts) = (2.5e8, 321)
        let decisions = try Self.decide([small, large], [narrow, wide])
        #expect(decisions.pairs.map { $0.decision != nil } == [false, true, true, true])
        #expect(decisions.pairs[0].unavailable?.contains("no cut is allowed") == true)
        #expect(decisions.pairs[1].decision?.limits.deviceMemoryBytes == 2.5e8)
        #expect(decisions.pairs[1].decision?.limits.serverMemoryBytes == nil)
        #expect(decisions.pairs[3].decision?.limits.deviceMemoryBytes == 1e12)
        let joules = decisions.pairs[3].decision?.cuts[0].serverEnergyJoules.value
        let seconds = try #require(decisions.pairs[3].decision?.cuts[0].delayParts.serverSeconds)
        #expect(abs(try #require(joules) - 321 * seconds) < 1e-6)
        #expect(
            decisions.warnings.contains { $0.contains("different kinds") && $0.contains("a declared power (wide)") })
    }

    @Test("a warning says when the common value of a second and a joule would take another server, and only then")
    func jointOptimum() throws {
        var warned = 0
        for (seconds, watts) in [(0.004, 150.0), (0.006, 80.0), (0.009, 35.0)] {
            for weight in stride(from: 0.1, through: 0.9, by: 0.1) {
                let device = try Self.box("phone", blockSeconds: 0.03)
                let servers = [
                    try Self.box("a", blockSeconds: 0.005, watts: 100),
                    try Self.box("b", blockSeconds: seconds, watts: watts),
                ]
                let decisions = try Self.decide([device], servers) { $0.weight = weight }
                let choice = decisions.deviceChoices[0]
                let best = try #require(choice.server)
                // Every cut of every server: the frequency cannot be set here.
                let least = decisions.pairs.map { pair in
                    (pair.decision?.cuts ?? []).compactMap { cut -> Double? in
                        guard let seconds = cut.delaySeconds.value, let joules = cut.serverEnergyJoules.value else {
                            return nil
                        }
                        return weight * choice.delayNormalizerSeconds.share(seconds)
                            + (1 - weight) * choice.energyNormalizerJoules.share(joules)
                    }.min() ?? .infinity
                }
                let chosenCost = try #require(decisions.pairs[best].cost)
                let other = least[1 - best]
                let isWarned = decisions.warnings.contains { $0.contains("with one value of a second and a joule") }
                #expect(isWarned == (other < least[best] && other < chosenCost - 1e-9), "weight \(weight)")
                warned += isWarned ? 1 : 0
            }
        }
        // Most choices are the same either way, and some are not.
        #expect(warned > 0 && warned < 14)
    }
}
