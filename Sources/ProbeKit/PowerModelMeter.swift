import ProfileFormat
import Quantities
import SystemIO

/// A declared power model in place of a meter: idle power all the time, and more while the process uses processors.
///
/// With `n` processors, of which this process uses the share `u` of their time, the box is taken to draw
/// `idle + (busy - idle) u`. Nothing is read but clocks; whatever comes of it is ``Origin/modelled``. Work of others, the
/// clock and what the kernels do make no difference to it, so that it tells layers apart by their time alone.
package struct PowerModelMeter: EnergyMeter {
    package let name = "power model"
    package let origin = Origin.modelled
    package var countsProcessorTime: Bool { true }
    package let idleWatts: Double
    package let busyWatts: Double
    package let processors: Int
    private let start: MonotonicInstant
    private let startCPUSeconds: Double
    private let cpuSeconds: @Sendable () -> Double

    /// - Parameters:
    ///   - idleWatts: of the box while nothing runs.
    ///   - busyWatts: of the box while all processors work; not less than `idleWatts`.
    ///   - processors: how many there are.
    ///   - cpuSeconds: processor time of the measured process so far.
    package init(
        idleWatts: Double, busyWatts: Double, processors: Int,
        cpuSeconds: @escaping @Sendable () -> Double = processCPUSeconds
    ) {
        precondition(idleWatts >= 0 && busyWatts >= idleWatts && processors > 0, "a power model is ordered")
        self.idleWatts = idleWatts
        self.busyWatts = busyWatts
        self.processors = processors
        self.cpuSeconds = cpuSeconds
        start = .now()
        startCPUSeconds = cpuSeconds()
    }

    package var tree: EnergyDomainTree {
        EnergyDomainTree([EnergyDomain(identifier: "box", name: "box", role: .counted)])
    }

    /// What the model makes of a time in which the process used `cpuSeconds` of processor time.
    package func joules(seconds: Double, cpuSeconds: Double) -> Double {
        idleWatts * seconds + (busyWatts - idleWatts) * cpuSeconds / Double(processors)
    }

    package func read() throws(KerfError) -> EnergyReading {
        let now = MonotonicInstant.now()
        let joules = joules(seconds: now.seconds(since: start), cpuSeconds: cpuSeconds() - startCPUSeconds)
        return EnergyReading(instant: now, microjoules: [UInt64(max(0, joules) * 1e6)])
    }
}
