import Host
import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import SystemIO

/// Meters one side of a split run: its energy, its idle power, and what disturbed it.
package struct RunMeter: Sendable {
    /// `nil` where only times are measured.
    package let meter: (any EnergyMeter)?
    /// The meter's name; `nil` without one.
    package let name: String?
    package let origin: Origin
    /// Why there is no energy.
    package let reason: String?
    /// Power of the idle box before the run, for net energy.
    package let idleWatts: Quantity
    private let watch: @Sendable () -> BoxConditions

    /// How long the idle box is measured.
    package static let idleSeconds = 1.0

    /// Measures the idle power for ``idleSeconds``, unless there is no meter.
    ///
    /// A real meter counts the whole box. Where the other side runs on the same box it is not used, and the other side's
    /// load is no disturbance.
    ///
    /// - Parameter sharesBox: whether the other side of the run is on this box.
    /// - Throws: ``KerfError`` of the meter.
    package init(_ selection: MeterSelection, sharesBox: Bool) throws(KerfError) {
        let description = selection.description
        let isAmbiguous = sharesBox && description.origin == .measured
        meter = isAmbiguous ? nil : selection.meter
        name = isAmbiguous ? nil : description.name
        origin = isAmbiguous ? .unavailable : description.origin
        reason =
            isAmbiguous
            ? "both sides run on this box, and its meter cannot tell one from the other" : description.reason
        let monitor = ConditionsMonitor(
            HostProbe(), frequencyRoot: selection.root, meterOrigin: sharesBox ? .unavailable : description.origin)
        watch = { monitor.now() }
        guard let meter else {
            idleWatts = .unavailable(reason ?? "no energy meter")
            return
        }
        let before = try meter.read()
        SystemClock().sleep(seconds: Self.idleSeconds)
        let after = try meter.read()
        let joules = meter.total(of: try meter.joules(from: before, to: after))
        idleWatts = Quantity(
            value: joules / after.instant.seconds(since: before.instant), count: 1, origin: meter.origin,
            reason: "one window before the run")
    }

    /// Without a meter and without conditions, for runs that are not metered.
    package static let none = RunMeter()

    private init() {
        meter = nil
        name = nil
        origin = .unavailable
        reason = "not asked for"
        idleWatts = .unavailable("not asked for")
        watch = { BoxConditions() }
    }

    /// The box at this moment, to be compared with a later one by ``BoxConditions/disturbance(from:to:seconds:hasRunUp:hasLoads:)``.
    package func conditions() -> BoxConditions { watch() }
}
