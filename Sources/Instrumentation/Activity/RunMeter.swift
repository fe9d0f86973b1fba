import Host
import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import SystemIO

/// Meters one side of a split run: its energy, its idle power, and what disturbed it.
package struct RunMeter: Sendable {
    /// `nil` where only times are measured.
    private var meter: (any EnergyMeter)?
    /// The meter's name; `nil` without one.
    package private(set) var name: String?
    package private(set) var origin: Origin
    /// Why there is no energy.
    package private(set) var reason: String?
    /// Power of the idle box before the run, for net energy.
    package private(set) var idleWatts: Quantity
    /// Time between two updates of the counters; 0 where it is not known.
    private var updateSeconds: Double
    private var watch: @Sendable () -> BoxConditions
    /// The same without the load of the other side.
    private var watchShared: @Sendable () -> BoxConditions

    /// How long the idle box is measured.
    package static let idleSeconds = 1.0

    /// Measures the idle power for ``idleSeconds``, unless there is no meter or it is not used; see ``sharingBox``.
    ///
    /// - Parameters:
    ///   - sharesBox: whether the other side of the run is on this box.
    ///   - ignoresLoad: whether other processes and other virtual machines may run on the same processors.
    /// - Throws: ``KerfError`` of the meter.
    package init(_ selection: MeterSelection, sharesBox: Bool, ignoresLoad: Bool = false) throws(KerfError) {
        let description = selection.description
        func monitor(_ origin: Origin, ignoresOtherSide: Bool) -> @Sendable () -> BoxConditions {
            let monitor = ConditionsMonitor(
                HostProbe(), frequencyRoot: selection.root, meterOrigin: origin,
                ignoresLoad: ignoresOtherSide || ignoresLoad, ignoresSteal: ignoresLoad)
            return {
                var conditions = monitor.now()
                conditions.referenceSeconds = monitor.referenceSeconds()
                return conditions
            }
        }
        meter = selection.meter
        name = description.name
        origin = description.origin
        reason = description.reason
        updateSeconds = description.updateIntervalSeconds.value ?? 0
        watch = monitor(description.origin, ignoresOtherSide: false)
        watchShared = monitor(.unavailable, ignoresOtherSide: true)
        idleWatts = .unavailable(description.reason ?? "no energy meter")
        if sharesBox { self = sharingBox }
        if let meter { idleWatts = try Self.idlePower(meter) }
    }

    /// This meter where the other side of the run is on this box too: the other side's load is no disturbance. A real meter
    /// counts the whole box, so that it is not used.
    package var sharingBox: RunMeter {
        var shared = self
        shared.watch = watchShared
        guard origin == .measured else { return shared }
        let reason = "both sides run on this box, and its meter cannot tell one from the other"
        (shared.meter, shared.name, shared.origin) = (nil, nil, .unavailable)
        (shared.reason, shared.idleWatts) = (reason, .unavailable(reason))
        return shared
    }

    private static func idlePower(_ meter: any EnergyMeter) throws(KerfError) -> Quantity {
        let before = try meter.read()
        SystemClock().sleep(seconds: idleSeconds)
        let after = try meter.read()
        let parts = try meter.joules(from: before, to: after)
        if let stopped = meter.stoppedDomains(in: parts).first {
            throw KerfError(
                .staleReading,
                "the counter of \(stopped) stands still while the others move, and the total would lack it")
        }
        let joules = meter.total(of: parts)
        return Quantity(
            value: joules / after.instant.seconds(since: before.instant), count: 1, origin: meter.origin,
            reason: "one window before the run")
    }

    /// Without a meter and without conditions, for runs that are not metered.
    package static let none = RunMeter()

    private init() {
        meter = nil
        updateSeconds = 0
        name = nil
        origin = .unavailable
        reason = "not asked for"
        idleWatts = .unavailable("not asked for")
        watch = { BoxConditions() }
        watchShared = watch
    }

    /// Records what this side does.
    package func recorder() -> ActivityRecorder { ActivityRecorder(meter: meter, updateSeconds: updateSeconds) }

    /// The box at this moment, to be compared with a later one by ``BoxConditions/disturbance(from:to:seconds:hasRunUp:hasLoads:)``.
    package func conditions() -> BoxConditions { watch() }
}
