import ProbeKit
import ProfileFormat
import Quantities
import Synchronization
import SystemIO
import Testing

/// Two meters of parts of a box, as one.
@Suite struct SummedMeterTests {
    /// A counter that rises by `step` at every so-manieth read.
    private final class SteppingMeter: EnergyMeter, Sendable {
        let name: String
        let origin: Origin
        let tree: EnergyDomainTree
        let readsPerUpdate: Int
        let step: UInt64
        let reads = Mutex(0)
        let edges = Mutex(0)

        init(_ name: String, origin: Origin = .measured, every readsPerUpdate: Int, step: UInt64) {
            self.name = name
            self.origin = origin
            self.readsPerUpdate = readsPerUpdate
            self.step = step
            tree = EnergyDomainTree([
                EnergyDomain(identifier: name, name: name, role: .counted),
                EnergyDomain(identifier: "\(name)/part", name: "part", parent: name, role: .nested),
            ])
        }

        func read() throws(KerfError) -> EnergyReading {
            let count = reads.withLock { reads in
                reads += 1
                return reads
            }
            let value = UInt64(count / readsPerUpdate) * step
            return EnergyReading(instant: .now(), microjoules: [value, value / 2], gaps: 1)
        }

        func prepareForEdge() { edges.withLock { $0 += 1 } }
    }

    @Test func theTotalIsOfBoth() throws {
        let meter = SummedMeter(
            SteppingMeter("gpu-0", every: 1, step: 1_000_000),
            SteppingMeter("box", origin: .modelled, every: 1, step: 250_000))
        #expect(meter.name == "box + gpu-0" && meter.origin == .modelled)
        #expect(meter.tree.totalFormula == "gpu-0 + box")
        let start = try meter.read()
        let end = try meter.read()
        #expect(start.microjoules == [1_000_000, 500_000, 250_000, 125_000] && start.gaps == 2)
        let joules = try meter.joules(from: start, to: end)
        #expect(joules == ["gpu-0": 1, "gpu-0/part": 0.5, "box": 0.25, "box/part": 0.125])
        #expect(meter.total(of: joules) == 1.25)
        var total: [UInt64] = []
        _ = try meter.readTotal(into: &total)
        #expect(total == [3_000_000, 750_000])
    }

    /// The slow counter decides when a window begins, and the fast one is read at an update of its own.
    @Test func anEdgeIsThatOfEachCounter() throws {
        let (slow, fast) = (SteppingMeter("gpu-0", every: 40, step: 4), SteppingMeter("box", every: 7, step: 1))
        let meter = SummedMeter(slow, fast)
        for _ in 0..<3 {
            let edge = try #require(try meter.updateEdge(within: 60))
            #expect(edge.microjoules[0].map { $0 % 4 } == 0)
            #expect(edge.instants[2] >= edge.instants[0], "the fast counter's edge comes after the slow one's")
            let updateRead = 40 * Int(try #require(edge.microjoules[0])) / 4
            #expect(slow.reads.withLock(\.self) - updateRead <= 7, "the edge comes right after its update")
        }
        #expect(slow.edges.withLock(\.self) == 3 && fast.edges.withLock(\.self) == 3)
    }

    @Test func aPartThatFailsIsAnError() {
        struct Failing: EnergyMeter {
            let name = "gone"
            let origin = Origin.measured
            let tree = EnergyDomainTree([EnergyDomain(identifier: "gone", name: "gone", role: .counted)])
            func read() throws(KerfError) -> EnergyReading { throw KerfError(.ioError, "GPU is lost") }
        }
        let whole = SteppingMeter("box", every: 1, step: 1)
        for meter in [SummedMeter(Failing(), whole), SummedMeter(whole, Failing())] {
            #expect(throws: KerfError.self) { try meter.read() }
        }
    }
}
