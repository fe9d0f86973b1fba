import CPUFreq
import Host
import PCI
import ProbeKit
import ProfileFormat
import Quantities
import RAPL
import Statistics
import SystemIO
import TransformerKernels
import VirtualBoard

/// What the probes say about the box, in the words of the profile.
package struct BoxInspection {
    /// The running system.
    package let host: HostIdentity
    /// The clock that /proc/cpuinfo names.
    package let clockHertz: Double?
    /// The tree that the clock and the power limits are read from: the running system's or a virtual board's.
    package let meterRoot: SystemRoot

    /// Origin of what is read from ``meterRoot``.
    private var origin: Origin { meterRoot.hasVirtualBoard ? .simulated : .measured }

    package func identity(engine: any MatrixEngine) -> BoxIdentity {
        let devices = (try? PCIProbe(root: SystemRoot()).devices()) ?? []
        let policies = CPUFreqProbe(root: SystemRoot()).policies()
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

    /// The limits of the fastest policy's clock, and what it was during the run. Without cpufreq the clock of
    /// /proc/cpuinfo stands for all three, and cannot be set.
    ///
    /// - Parameter samples: the clock at the end of every step and window, in hertz.
    package func frequency(during samples: [Double]) -> FrequencyDescription {
        let probe = CPUFreqProbe(root: meterRoot)
        let policies = probe.policies()
        let obstacle = probe.whyNotSettable()?.description
        func highest(_ policy: CPUFreqPolicy) -> Double {
            policy.scalingMaximumHertz ?? policy.hardwareMaximumHertz ?? 0
        }
        guard let fastest = policies.max(by: { highest($0) < highest($1) }), highest(fastest) > 0 else {
            let nominal = nominalClock("there is no cpufreq")
            return FrequencyDescription(
                minimumHertz: nominal, maximumHertz: nominal, runningHertz: nominal, settable: false, reason: obstacle)
        }
        func limit(_ hertz: Double?, _ what: String) -> Quantity {
            hertz.map { Quantity(value: $0, count: 1, origin: origin, reason: "cpufreq \(fastest.name), \(what)") }
                ?? .unavailable("cpufreq \(fastest.name) does not tell its \(what)")
        }
        return FrequencyDescription(
            minimumHertz: limit(fastest.scalingMinimumHertz ?? fastest.hardwareMinimumHertz, "lowest clock allowed"),
            maximumHertz: limit(highest(fastest), "highest clock allowed"),
            runningHertz: Estimate.median(of: samples).map {
                Quantity($0, origin: origin, reason: "median at the ends of steps and windows")
            } ?? nominalClock("cpufreq does not tell the clock"),
            settable: obstacle == nil, reason: obstacle)
    }

    private func nominalClock(_ why: String) -> Quantity {
        guard let hertz = clockHertz else { return .unavailable("\(why), and /proc/cpuinfo names no clock") }
        return Quantity(value: hertz, count: 1, origin: .modelled, reason: "clock of /proc/cpuinfo; \(why)")
    }

    /// The data sheet's view, as far as the box tells it.
    package func rated(threads: Int) -> RatedDescription {
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
