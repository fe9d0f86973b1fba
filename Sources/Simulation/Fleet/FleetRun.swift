import Dispatch
import SystemIO

/// A simulation with one seed: every device decides in every round, under every rule, on the same channels.
///
/// Devices are processed in blocks that fit a cache, each block through all rounds, and only their sums are stored.
/// Blocks run on all cores and are added in their order, so that the result does not depend on the number of cores.
package struct FleetRun: Sendable {
    package var fleet: Fleet
    package var deviceCount: Int
    package var roundCount: Int
    package var rules: [Rule]
    /// Number of threads; `nil` for one per core.
    package var threads: Int?

    /// - Throws: ``KerfError/Code/invalidArgument``: no device, no round.
    package init(
        fleet: Fleet, deviceCount: Int, roundCount: Int, rules: [Rule], threads: Int? = nil
    ) throws(KerfError) {
        guard deviceCount >= 1, deviceCount <= 1_000_000_000 else {
            throw KerfError(.invalidArgument, "the number of devices must be between 1 and 1e9")
        }
        guard roundCount >= 1, roundCount <= 1_000_000 else {
            throw KerfError(.invalidArgument, "the number of rounds must be between 1 and 1e6")
        }
        self.fleet = fleet
        self.deviceCount = deviceCount
        self.roundCount = roundCount
        self.rules = rules
        self.threads = threads
    }

    /// - Throws: ``KerfError`` for a model without a decision.
    package func run(seed: UInt64) throws(KerfError) -> FleetTally {
        let tables = try tables()
        let blocks = blocks
        let kernel = ChannelKernel(fleet.channel, seed: seed)
        var tally = FleetTally(self)
        // Enough blocks at a time for all cores, so that memory does not grow with the fleet.
        let wave = 64
        for start in stride(from: 0, to: blocks.count, by: wave) {
            let part = Array(blocks[start..<min(start + wave, blocks.count)])
            let slots = Slots(part.map { _ in FleetTally(self) })
            let work: @Sendable (Int) -> Void = { index in
                run(part[index], tables[part[index].kind], kernel, into: slots.tally(index))
            }
            if threads == 1 {
                for index in part.indices { work(index) }
            } else {
                DispatchQueue.concurrentPerform(iterations: part.count, execute: work)
            }
            for index in part.indices { tally.add(slots.tally(index).pointee) }
        }
        return tally
    }

    /// [class][rule].
    private func tables() throws(KerfError) -> [[RuleDecider]] {
        var tables: [[RuleDecider]] = []
        for model in fleet.models {
            var ofRules: [RuleDecider] = []
            for rule in rules { ofRules.append(try RuleDecider(rule, model)) }
            tables.append(ofRules)
        }
        return tables
    }

    private struct Block: Sendable {
        var kind: Int
        var first: Int
        var count: Int
    }

    /// Blocks of devices of one class each, numbered class by class.
    private var blocks: [Block] {
        let kinds = fleet.models.count
        var (blocks, first): ([Block], Int) = ([], 0)
        for kind in 0..<kinds {
            let ofKind = deviceCount / kinds + (kind < deviceCount % kinds ? 1 : 0)
            for start in stride(from: 0, to: ofKind, by: Lanes.capacity) {
                blocks.append(
                    Block(kind: kind, first: first + start, count: min(Lanes.capacity, ofKind - start)))
            }
            first += ofKind
        }
        return blocks
    }

    private func run(
        _ block: Block, _ tables: [RuleDecider], _ channel: ChannelKernel, into tally: UnsafeMutablePointer<FleetTally>
    ) {
        let lanes = Lanes(first: block.first, count: block.count)
        channel.place(lanes)
        for round in 0..<roundCount {
            channel.fill(lanes, round: round)
            if rules.contains(where: { $0.policy == .randomCut }) {
                lanes.uniform(.randomCut, Stream.cut.key(seed: channel.seed, round: round))
            }
            for (index, table) in tables.enumerated() {
                table.decide(lanes)
                if channel.hasOutages { lanes.addWaits() }
                tally.pointee.count(lanes, rule: index, round: round)
            }
        }
    }
}

/// A policy and, where it weighs delay and energy, the weight of delay.
package struct Rule: Sendable, Hashable {
    package var policy: Policy
    /// `nil` for a fixed cut.
    package var weight: Double?

    package init(_ policy: Policy, weight: Double = 0) {
        self.policy = policy
        self.weight =
            switch policy {
            case .card: weight
            case .delayOptimum: 1
            case .energyOptimum: 0
            default: nil
            }
    }
}

/// One tally per block, each written by one thread only.
private final class Slots: @unchecked Sendable {
    private let storage: UnsafeMutableBufferPointer<FleetTally>

    init(_ tallies: [FleetTally]) {
        storage = .allocate(capacity: tallies.count)
        _ = storage.initialize(from: tallies)
    }

    deinit {
        storage.deinitialize()
        storage.deallocate()
    }

    func tally(_ index: Int) -> UnsafeMutablePointer<FleetTally> { storage.baseAddress! + index }
}
