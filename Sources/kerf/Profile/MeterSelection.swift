import Calibration
import ProbeKit
import RAPL
import Statistics
import SystemPackage
import VirtualBoard

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The energy meter of a run: the box's own, a virtual board's, or none with the reason.
struct MeterSelection {
    var meter: (any EnergyMeter)?
    var description: MeterDescription
    /// Where the meter and the clock are read: the running system, or the board's tree.
    var root: SystemRoot
    /// A board served for this run only; it ends with it.
    private var embedded: EmbeddedBoard?

    /// How long the counters are watched to learn their update interval.
    private static let observationSeconds = 0.3
    /// The same for a counter that steps so slowly that there were too few intervals.
    private static let longObservationSeconds = 5.0
    private static let fewestIntervals = 10

    /// - Parameter boardDirectory: measure on the virtual board here. A board that is already served is used; else
    ///   one is served there until ``close()``.
    static func choose(boardDirectory: String?) throws -> MeterSelection {
        guard let boardDirectory else { return try open(root: SystemRoot(), embedded: nil) }
        let directory = FilePath(boardDirectory)
        let root = SystemRoot(directory)
        if VirtualBoard.marker(in: root)?.isServed == true {
            try VirtualBoard.register(pid: getpid(), in: root)
            return try open(root: root, embedded: nil)
        }
        let embedded = try EmbeddedBoard(
            executable: "/proc/self/exe", directory: directory, measuring: getpid())
        return try open(root: root, embedded: embedded)
    }

    /// Gives up the place as the board's measured process, and ends a board served for this run.
    func close() {
        if root.hasVirtualBoard { VirtualBoard.unregister(pid: getpid(), in: root) }
        embedded?.stop()
    }

    private static func open(root: SystemRoot, embedded: EmbeddedBoard?) throws -> MeterSelection {
        do {
            let meter = try RAPLProbe(root: root).meter()
            var watch = try meter.watchUpdates(for: observationSeconds, orUntil: .max)
            if watch.intervals.count < fewestIntervals {
                watch = try meter.watchUpdates(for: longObservationSeconds, orUntil: fewestIntervals)
            }
            let interval: Quantity
            if let estimate = Estimate.median(of: watch.intervals) {
                interval = Quantity(estimate, origin: meter.origin)
            } else {
                interval = .unavailable("the counter did not change within \(longObservationSeconds) s")
            }
            return MeterSelection(
                meter: meter,
                description: MeterDescription(
                    name: meter.name, origin: meter.origin, domains: meter.tree.domains,
                    totalOf: meter.tree.counted.map(\.identifier), updateIntervalSeconds: interval,
                    updates: watch.updates),
                root: root, embedded: embedded)
        } catch {
            embedded?.stop()
            // A board that was asked for must be there; a box without a meter is no failure.
            if root.hasVirtualBoard { throw error }
            return MeterSelection(meter: nil, description: .none(because: "\(error)"), root: root, embedded: nil)
        }
    }
}

extension MeterDescription {
    /// No meter, and why.
    static func none(because reason: String) -> MeterDescription {
        MeterDescription(
            name: nil, origin: .unavailable, domains: [], totalOf: [],
            updateIntervalSeconds: .unavailable("no energy meter"), reason: reason)
    }
}
