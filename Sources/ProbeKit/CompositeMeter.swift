import ProfileFormat
import Quantities
import Synchronization
import SystemIO

/// A box's meter with another one beside it, whose domains appear in every reading and never in the total: a GPU's.
///
/// A companion may take a thousand times as long to read as the meter itself, and a reading is taken again and again at
/// the edges of a window. So the companion is asked at most every ``restSeconds``, after the meter's own counters; in
/// between its last answer stands. Its counters step more rarely than that.
///
/// A companion that fails is not asked again: it is missing from all later readings, ``failure`` says why, and the meter
/// goes on without it.
package final class CompositeMeter: EnergyMeter, Sendable {
    package static let restSeconds = 0.01

    private let restSeconds: Double
    private let main: any EnergyMeter
    private let companion: any EnergyMeter
    private let last: Mutex<Answer>

    private struct Answer {
        var reading: EnergyReading?
        var failure: KerfError?
    }

    package init(
        _ main: any EnergyMeter, external companion: any EnergyMeter, restSeconds: Double = CompositeMeter.restSeconds
    ) {
        self.restSeconds = restSeconds
        self.main = main
        self.companion = companion
        last = Mutex(Answer())
        // What it counts from: one that starts anew later is seen to have fallen.
        prepareForEdge()
    }

    package var name: String { main.name }
    package var origin: Origin { main.origin }
    package var sampling: PowerSampling? { main.sampling }
    package var countsProcessorTime: Bool { main.countsProcessorTime }

    package var tree: EnergyDomainTree { EnergyDomainTree(main.tree.domains + externalDomains) }

    /// What ended the companion's readings; `nil` while it answers.
    package var failure: KerfError? { last.withLock(\.failure) }

    /// The tree as it is now: a companion that failed is unreadable, for the reason it gave.
    package var treeNow: EnergyDomainTree {
        guard let failure else { return tree }
        let lost = externalDomains.map { domain in
            var domain = domain
            domain.role = .unreadable("\(companion.name) failed during the run: \(failure.message)")
            return domain
        }
        return EnergyDomainTree(main.tree.domains + lost)
    }

    private var externalDomains: [EnergyDomain] {
        companion.tree.readable.map { domain in
            var domain = domain
            domain.role = .external
            return domain
        }
    }

    package func read() throws(KerfError) -> EnergyReading {
        var reading = try main.read()
        reading.microjoules += externalMicrojoules(at: reading.instant)
        return reading
    }

    /// The companion is none of the total.
    package func readTotal(into microjoules: inout [UInt64]) throws(KerfError) -> MonotonicInstant {
        try main.readTotal(into: &microjoules)
    }

    /// Asks the companion now: between two looks for an update, the time that it takes would be a time in which none is seen.
    package func prepareForEdge() {
        main.prepareForEdge()
        _ = externalMicrojoules(at: .now())
    }

    private func externalMicrojoules(at instant: MonotonicInstant) -> [UInt64?] {
        last.withLock { answer in
            let age = (answer.reading?.instant).map { instant.seconds(since: $0) }
            if answer.failure == nil, age.map({ $0 >= restSeconds }) ?? true {
                do throws(KerfError) {
                    answer.reading = try ask(after: answer.reading)
                } catch {
                    answer = Answer(reading: nil, failure: error)
                }
            }
            return answer.reading?.microjoules ?? companion.tree.readable.map { _ in nil }
        }
    }

    /// - Throws: the companion's error, also for a counter that fell and does not wrap: it started anew, and what it drew
    ///   in between nobody knows.
    private func ask(after last: EnergyReading?) throws(KerfError) -> EnergyReading {
        let reading = try companion.read()
        for (index, domain) in companion.tree.readable.enumerated() where domain.wrapRangeMicrojoules == nil {
            guard let before = last?.microjoules[index], let now = reading.microjoules[index], now < before else {
                continue
            }
            throw KerfError(.invalidReading, "the counter of \(domain.identifier) fell from \(before) to \(now) µJ")
        }
        return reading
    }
}
