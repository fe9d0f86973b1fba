import ProfileFormat
import Quantities
import Synchronization
import SystemIO

/// Combines the box's meter with an independent one, such as a GPU's, whose domains are in every reading and not in the total.
///
/// The external meter may take a thousand times as long to read, and at the edges of a window the meter is read without
/// pause. So the external meter is read at most every ``restSeconds``, after the box's own counters; in between its last
/// reading is used. Its counters are updated less often than that.
///
/// An external meter that fails is missing from the reading, and ``failure`` has the reason until it can be read again. It is
/// tried later and later, since a driver needs seconds to recover, and after ``maximumFailures`` in a row no more.
package final class CompositeMeter: EnergyMeter, Sendable {
    package static let restSeconds = 0.01
    /// Consecutive failures after which the external meter is lost.
    package static let maximumFailures = 3
    /// How many times as long the pause before the next attempt is after each failure in a row.
    package static let retryFactor = 16.0

    private let restSeconds: Double
    private let retryFactor: Double
    private let main: any EnergyMeter
    private let external: any EnergyMeter
    private let last: Mutex<LastReading>

    private struct LastReading {
        /// The last one that succeeded.
        var reading: EnergyReading?
        /// When the meter was last read, whether or not it could be.
        var attempt: MonotonicInstant?
        /// Why the last attempt failed; `nil` after one that succeeded.
        var failure: KerfError?
        var failures = 0

        var isLost: Bool { failures >= CompositeMeter.maximumFailures }
    }

    package init(
        _ main: any EnergyMeter, external: any EnergyMeter, restSeconds: Double = CompositeMeter.restSeconds,
        retryFactor: Double = CompositeMeter.retryFactor
    ) {
        self.restSeconds = restSeconds
        self.retryFactor = retryFactor
        self.main = main
        self.external = external
        last = Mutex(LastReading())
        // The first reading, so that a counter that restarts later is seen to fall.
        prepareForEdge()
    }

    package var name: String { main.name }
    package var origin: Origin { main.origin }
    package var sampling: PowerSampling? { main.sampling }
    package var countsProcessorTime: Bool { main.countsProcessorTime }

    package var tree: EnergyDomainTree { EnergyDomainTree(main.tree.domains + externalDomains) }

    /// Why the external meter could not be read when it was last tried; `nil` while it works.
    package var failure: KerfError? { last.withLock(\.failure) }

    /// The current tree: the domains of an external meter that failed are unreadable.
    package var treeNow: EnergyDomainTree {
        guard let failure else { return tree }
        let lost = externalDomains.map { domain in
            var domain = domain
            domain.role = .unreadable("\(external.name) failed during the run: \(failure.message)")
            return domain
        }
        return EnergyDomainTree(main.tree.domains + lost)
    }

    private var externalDomains: [EnergyDomain] {
        external.tree.readable.map { domain in
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

    /// The external meter is not part of the total.
    package func readTotal(into microjoules: inout [UInt64]) throws(KerfError) -> MonotonicInstant {
        try main.readTotal(into: &microjoules)
    }

    /// Reads the external meter now: while it is read during polling, an update would be missed.
    package func prepareForEdge() {
        main.prepareForEdge()
        _ = externalMicrojoules(at: .now())
    }

    private func externalMicrojoules(at instant: MonotonicInstant) -> [UInt64?] {
        last.withLock { last in
            let age = last.attempt.map { instant.seconds(since: $0) }
            let pause = (0..<last.failures).reduce(restSeconds) { pause, _ in pause * retryFactor }
            if !last.isLost, age.map({ $0 >= pause }) ?? true {
                do throws(KerfError) {
                    last.reading = try readExternal(after: last.reading)
                    (last.failure, last.failures) = (nil, 0)
                } catch {
                    (last.failure, last.failures) = (error, last.failures + 1)
                }
                last.attempt = .now()
            }
            guard last.failure == nil, let reading = last.reading else {
                return external.tree.readable.map { _ in nil }
            }
            return reading.microjoules
        }
    }

    /// - Throws: the external meter's error, also for a counter without a wrap range that fell: it restarted, and the energy
    ///   in between is unknown.
    private func readExternal(after last: EnergyReading?) throws(KerfError) -> EnergyReading {
        let reading = try external.read()
        for (index, domain) in external.tree.readable.enumerated() where domain.wrapRangeMicrojoules == nil {
            guard let before = last?.microjoules[index], let now = reading.microjoules[index], now < before else {
                continue
            }
            throw KerfError(.invalidReading, "the counter of \(domain.identifier) fell from \(before) to \(now) µJ")
        }
        return reading
    }
}
