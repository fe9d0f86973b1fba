import ProfileFormat
import Quantities
import SystemIO

/// The sum of two meters that have nothing in common: of the GPUs that run the measured work, and of the processors.
///
/// A window begins and ends right after an update of each counter, the slow one of a GPU and the fast one of a processor.
/// See ``UpdateEdge``.
package final class SummedMeter: EnergyMeter, Sendable {
    private let slower: any EnergyMeter
    private let faster: any EnergyMeter

    /// - Parameters:
    ///   - slower: whose counters are updated less often: its first domain's updates are those of the meter.
    ///   - faster: read right after the slower one, at the time of the reading. Its origin is that of the sum.
    /// - Precondition: neither samples power, since a sum has no interval of sampling.
    package init(_ slower: any EnergyMeter, _ faster: any EnergyMeter) {
        precondition(slower.sampling == nil && faster.sampling == nil, "sampled power in a sum")
        self.slower = slower
        self.faster = faster
    }

    package var name: String { "\(faster.name) + \(slower.name)" }
    package var origin: Origin { faster.origin }
    package var tree: EnergyDomainTree { EnergyDomainTree(slower.tree.domains + faster.tree.domains) }
    package var countsProcessorTime: Bool { faster.countsProcessorTime }

    package func read() throws(KerfError) -> EnergyReading {
        let first = try slower.read()
        var reading = try faster.read()
        reading.microjoules.insert(contentsOf: first.microjoules, at: 0)
        reading.gaps += first.gaps
        return reading
    }

    package func readTotal(into microjoules: inout [UInt64]) throws(KerfError) -> MonotonicInstant {
        _ = try slower.readTotal(into: &microjoules)
        return try faster.readTotal(into: &microjoules)
    }

    package func prepareForEdge() {
        slower.prepareForEdge()
        faster.prepareForEdge()
    }
}
