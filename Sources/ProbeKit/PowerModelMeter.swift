import ProfileFormat
import Quantities
import SystemIO

/// A declared power model in place of a meter: idle power all the time, and more while the process uses processors.
///
/// When this process uses the share `u` of the processors' time, the box draws `idle + (busy - idle) u`. Only clocks are read,
/// so results are ``Origin/modelled``. Other processes, the frequency and the instructions have no effect: layers differ by
/// their time only.
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
    ///   - idleWatts: power of the box at rest.
    ///   - busyWatts: power of the box with all processors busy; at least `idleWatts`.
    ///   - processors: number of processors.
    ///   - cpuSeconds: processor time of the measured process so far.
    package init(
        idleWatts: Double, busyWatts: Double, processors: Int,
        cpuSeconds: @escaping @Sendable () -> Double = processCPUSeconds
    ) {
        precondition(idleWatts >= 0 && busyWatts >= idleWatts && processors > 0, "invalid power model")
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

    /// Energy over `seconds` in which the process used `cpuSeconds` of processor time.
    package func joules(seconds: Double, cpuSeconds: Double) -> Double {
        idleWatts * seconds + (busyWatts - idleWatts) * cpuSeconds / Double(processors)
    }

    package func read() throws(KerfError) -> EnergyReading {
        let now = MonotonicInstant.now()
        let joules = joules(seconds: now.seconds(since: start), cpuSeconds: cpuSeconds() - startCPUSeconds)
        return EnergyReading(instant: now, microjoules: [UInt64(max(0, joules) * 1e6)])
    }
}
