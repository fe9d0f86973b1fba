import CARD
import Quantities
import SystemIO
import Testing

/// What a split training really sends, and which frequencies its server may take.
@Suite("Exchange and frequencies") struct ExchangeTests {
    private func decide(_ change: (inout Decider) -> Void) throws -> Decision {
        let (device, server) = try LevelTests.pair()
        var decider = Decider(link: try DeciderTests.link("up=1gbit,down=1gbit,rtt=10ms"), weight: 0.5)
        change(&decider)
        return try DeciderTests.decide(decider, device, server)
    }

    @Test func momentsTripleTheAdaptersAndNothingElse() throws {
        let (alone, whole) = (try decide { _ in }, try decide { $0.exchange.adapterTensors = 3 })
        for (one, three) in zip(alone.cuts, whole.cuts) {
            #expect(abs(three.delayParts.adapterSeconds - 3 * one.delayParts.adapterSeconds) < 1e-12)
            #expect(three.delayParts.uplinkSeconds == one.delayParts.uplinkSeconds)
        }
        #expect(whole.assumptions.contains { $0.contains("AdamW's moments") })
    }

    /// Smashed data with targets, its gradient, and the adapters of one block and of all eight.
    @Test func theSizesOfTransfersAreThoseOfTheTraffic() throws {
        let (device, _) = try LevelTests.pair()
        let sizes = try Decider.transferSizes(of: device, exchange: CutExchange(adapterTensors: 3))
        let model = try Decider(
            link: try DeciderTests.link(), exchange: CutExchange(adapterTensors: 3)
        ).model(device: device, server: device)
        let (server, one, all) = (model.cuts[0].traffic, model.cuts[1].traffic, model.cuts[8].traffic)
        let expected = Set(
            [server.uplinkBytes, one.uplinkBytes, one.downlinkBytes, one.adapterBytes, all.adapterBytes].map(Int.init))
        #expect(sizes == expected.sorted() && sizes.allSatisfy { $0 > 0 })
        #expect(all.adapterBytes == 8 * one.adapterBytes)
    }

    /// Tokens and targets are sent as they are, in whatever format the activations travel.
    @Test func aNarrowWireShrinksActivationsOnly() throws {
        let exchange = CutExchange(activationRatio: 0.25, gradientRatio: 0.5)
        let (wide, narrow) = (try decide { _ in }, try decide { $0.exchange = exchange })
        let tokens = wide.cuts[0].delayParts.uplinkSeconds / 2
        for (one, other) in zip(wide.cuts, narrow.cuts) {
            let (up, down) = (one.delayParts.uplinkSeconds, one.delayParts.downlinkSeconds)
            let expected = one.cut == 0 ? up : one.cut == wide.blockCount ? 0 : tokens + (up - tokens) / 4
            #expect(abs(other.delayParts.uplinkSeconds - expected) < 1e-12, "cut \(one.cut)")
            #expect(abs(other.delayParts.downlinkSeconds - down / 2) < 1e-12, "cut \(one.cut)")
        }
    }

    @Test func anAnswerToEveryStepTakesHalfARoundTripAtCutZero() throws {
        let (silent, answering) = (try decide { _ in }, try decide { $0.exchange.answersEveryStep = true })
        for (one, other) in zip(silent.cuts, answering.cuts) {
            let difference = other.delayParts.latencySeconds - one.delayParts.latencySeconds
            #expect(abs(difference - (one.cut == 0 ? 10 * 0.005 : 0)) < 1e-12, "cut \(one.cut)")
        }
    }

    @Test func aServerThatIsLeftAsItIsRunsAtItsProfiledFrequency() throws {
        let free = try decide { _ in }
        let fixed = try decide { $0.frequencies = .asProfiled }
        #expect(Set(free.cuts.compactMap(\.frequencyHertz.value)) != [2e9])
        #expect(Set(fixed.cuts.compactMap(\.frequencyHertz.value)) == [2e9])
        let steps = try decide { $0.frequencies = .steps([1e9, 3e9]) }
        #expect(Set(steps.cuts.compactMap(\.frequencyHertz.value)).isSubset(of: [1e9, 3e9]))
    }
}
