import CPUFreq
import Calibration
import Host
import PCI
import ProbeKit
import RAPL
import TransformerKernels
import VirtualBoard
import Statistics

/// What the probes say about the box, in the words of the profile.
struct BoxInspection {
    /// The running system.
    let host: HostIdentity
    /// The clock that /proc/cpuinfo names.
    let clockHertz: Double?
    /// The tree that the clock and the power limits are read from: the running system's or a virtual board's.
    let meterRoot: SystemRoot

    /// Origin of what is read from ``meterRoot``.
    private var origin: Origin { meterRoot.hasVirtualBoard ? .simulated : .measured }

    func identity(engine: any MatrixEngine) -> BoxIdentity {
        let devices = (try? PCIProbe(root: SystemRoot()).devices()) ?? []
        let policies = CPUFreqProbe(root: meterRoot).policies()
        return BoxIdentity(
            architecture: host.architecture, cpuModel: host.cpuModel, cpuVendor: host.cpuVendor,
            microcode: host.microcode, sockets: host.topology.sockets, cores: host.topology.cores,
            threads: host.topology.threads, memoryBytes: host.memoryBytes, kernelRelease: host.kernelRelease,
            hypervisor: host.hypervisor,
            governor: policies.first?.governor, instructionSet: host.instructionSet,
            pciDevices: devices.map(\.summary).sorted(),
            engine: .init(
                name: engine.identity.name, version: engine.identity.version,
                instructionSet: engine.identity.instructionSet),
            kerfBuild: KerfVersion.build, virtualBoard: VirtualBoard.marker(in: meterRoot)?.summary)
    }

    /// The clock's limits and its value now. Without cpufreq the nominal clock of /proc/cpuinfo stands for all three,
    /// and cannot be set.
    func frequency() -> FrequencyDescription {
        let policies = CPUFreqProbe(root: meterRoot).policies()
        func quantity(_ values: [Double], _ what: String) -> Quantity? {
            guard let value = values.max() else { return nil }
            return Quantity(value: value, count: values.count, origin: origin, reason: what)
        }
        guard
            let minimum = quantity(
                policies.compactMap { $0.hardwareMinimumHertz ?? $0.scalingMinimumHertz }, "cpufreq, lowest clock"),
            let maximum = quantity(
                policies.compactMap { $0.hardwareMaximumHertz ?? $0.scalingMaximumHertz }, "cpufreq, highest clock"),
            let running = quantity(policies.compactMap(\.currentHertz), "cpufreq, fastest policy's clock")
        else { return nominalFrequency() }
        return FrequencyDescription(
            minimumHertz: minimum, maximumHertz: maximum, runningHertz: running,
            settable: policies.allSatisfy(\.isSettable))
    }

    private func nominalFrequency() -> FrequencyDescription {
        let nominal: Quantity
        if let hertz = clockHertz {
            nominal = Quantity(
                value: hertz, count: 1, origin: .modelled, reason: "nominal clock of /proc/cpuinfo; there is no cpufreq"
            )
        } else {
            nominal = .unavailable("there is no cpufreq, and /proc/cpuinfo names no clock")
        }
        return FrequencyDescription(
            minimumHertz: nominal, maximumHertz: nominal, runningHertz: nominal, settable: false)
    }

    /// The data sheet's view, as far as the box tells it.
    func rated(threads: Int) -> RatedDescription {
        let power: Quantity
        if let watts = RAPLProbe(root: meterRoot).ratedPowerWatts() {
            power = Quantity(
                value: watts, count: 1, origin: meterRoot.hasVirtualBoard ? .simulated : .modelled,
                reason: "rated: long-term power limit of the packages")
        } else {
            power = .unavailable("the box states no long-term power limit")
        }
        return RatedDescription(
            cores: min(threads, host.topology.cores),
            flopsPerCyclePerCore: host.rated.map {
                Quantity(value: $0.flopsPerCyclePerCore, count: 1, origin: .modelled, reason: $0.basis)
            } ?? .unavailable("the instruction set \(host.instructionSet) is not known here"),
            powerWatts: power)
    }
}
