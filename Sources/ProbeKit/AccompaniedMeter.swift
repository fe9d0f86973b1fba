public import Statistics
import Synchronization

/// A box's meter with another one beside it, whose domains appear in every reading and never in the total: a GPU's.
///
/// A companion may take a thousand times as long to read as the meter itself, and a reading is taken again and again at
/// the edges of a window. So the companion is asked at most every ``restSeconds``, after the meter's own counters; in
/// between its last answer stands. Its counters step more rarely than that.
///
/// A companion that fails is not asked again: it is missing from all later readings, ``failure`` says why, and the meter
/// goes on without it.
public final class AccompaniedMeter: EnergyMeter, Sendable {
    public static let restSeconds = 0.01

    private let restSeconds: Double
    private let main: any EnergyMeter
    private let companion: any EnergyMeter
    private let last: Mutex<Answer>

    private struct Answer {
        var reading: EnergyReading?
        var failure: ProbeError?
    }

    public init(
        _ main: any EnergyMeter, beside companion: any EnergyMeter, restSeconds: Double = AccompaniedMeter.restSeconds
    ) {
        self.restSeconds = restSeconds
        self.main = main
        self.companion = companion
        last = Mutex(Answer())
        // What it counts from: one that starts anew later is seen to have fallen.
        prepareForEdge()
    }

    public var name: String { main.name }
    public var origin: Origin { main.origin }
    public var sampling: PowerSampling? { main.sampling }
    public var countsProcessorTime: Bool { main.countsProcessorTime }

    public var tree: EnergyDomainTree { EnergyDomainTree(main.tree.domains + besideDomains) }

    /// What ended the companion's readings; `nil` while it answers.
    public var failure: ProbeError? { last.withLock(\.failure) }

    /// The tree as it is now: a companion that failed is unreadable, for the reason it gave.
    public var treeNow: EnergyDomainTree {
        guard let failure else { return tree }
        let lost = besideDomains.map { domain in
            var domain = domain
            domain.role = .unreadable("\(companion.name) failed during the run: \(failure.message)")
            return domain
        }
        return EnergyDomainTree(main.tree.domains + lost)
    }

    private var besideDomains: [EnergyDomain] {
        companion.tree.readable.map { domain in
            var domain = domain
            domain.role = .beside
            return domain
        }
    }

    public func read() throws(ProbeError) -> EnergyReading {
        var reading = try main.read()
        reading.microjoules += besideMicrojoules(at: reading.instant)
        return reading
    }

    /// The companion is none of the total.
    public func readTotal(into microjoules: inout [UInt64]) throws(ProbeError) -> MonotonicInstant {
        try main.readTotal(into: &microjoules)
    }

    /// Asks the companion now: between two looks for an update, the time that it takes would be a time in which none is seen.
    public func prepareForEdge() {
        main.prepareForEdge()
        _ = besideMicrojoules(at: .now())
    }

    private func besideMicrojoules(at instant: MonotonicInstant) -> [UInt64?] {
        last.withLock { answer in
            let age = (answer.reading?.instant).map { instant.seconds(since: $0) }
            if answer.failure == nil, age.map({ $0 >= restSeconds }) ?? true {
                do throws(ProbeError) {
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
    private func ask(after last: EnergyReading?) throws(ProbeError) -> EnergyReading {
        let reading = try companion.read()
        for (index, domain) in companion.tree.readable.enumerated() where domain.wrapRangeMicrojoules == nil {
            guard let before = last?.microjoules[index], let now = reading.microjoules[index], now < before else {
                continue
            }
            throw ProbeError(.malformed, "the counter of \(domain.identifier) fell from \(before) to \(now) µJ")
        }
        return reading
    }
}
