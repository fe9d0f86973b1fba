import CPUFreq
import Host
import PCI
import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import RAPL
import Statistics
import SystemIO
import VirtualBoard

/// Describes the box for the profile, with what the probes report.
package struct BoxInspection {
    /// The running system.
    package let host: HostIdentity
    /// The frequency in /proc/cpuinfo.
    package let cpuinfoHertz: Double?
    /// The root for the frequency and the power limits: the running system's or a virtual board's.
    package let meterRoot: SystemRoot

    /// Origin of what is read from ``meterRoot``.
    private var origin: Origin { meterRoot.origin }

    package func identity(engine: EngineIdentity) -> BoxIdentity {
        // A box without a readable PCI bus is identified by the rest; the doctor has the error.
        let devices = (try? PCIProbe(root: SystemRoot()).devices()) ?? []
        let policies = CPUFreqProbe(root: SystemRoot()).policies()
        return BoxIdentity(
            architecture: host.architecture, cpuModel: host.cpuModel, cpuVendor: host.cpuVendor,
            microcode: host.microcode, sockets: host.topology.sockets, cores: host.topology.cores,
            threads: host.topology.threads, memoryBytes: host.memoryBytes, kernelRelease: host.kernelRelease,
            hypervisor: host.hypervisor,
            governor: policies.first?.governor, instructionSet: host.instructionSet,
            pciDevices: devices.map(\.summary).sorted(),
            engine: engine,
            kerfBuild: KerfVersion.build, virtualBoard: VirtualBoard.marker(in: meterRoot)?.summary)
    }

    /// The frequency limits of the fastest policy, and the frequency during the run. Without cpufreq all three are the
    /// frequency of /proc/cpuinfo, which cannot be set.
    ///
    /// - Parameter record: with the frequency at the end of every step and window, or the time of the reference loop.
    package func frequency(during record: ExperimentRecord) -> FrequencyDescription {
        var description = frequency(during: record.frequencyHertz)
        description.referenceSeconds = Estimate.median(of: record.referenceSeconds).map {
            Quantity($0, origin: .measured, reason: "median at the ends of steps and windows")
        }
        return description
    }

    private func frequency(during samples: [Double]) -> FrequencyDescription {
        let probe = CPUFreqProbe(root: meterRoot)
        let policies = probe.policies()
        let obstacle = probe.whyNotSettable()?.description
        func highest(_ policy: CPUFreqPolicy) -> Double {
            policy.scalingMaximumHertz ?? policy.hardwareMaximumHertz ?? 0
        }
        guard let fastest = policies.max(by: { highest($0) < highest($1) }), highest(fastest) > 0 else {
            let nominal = nominalFrequency("there is no cpufreq")
            return FrequencyDescription(
                minimumHertz: nominal, maximumHertz: nominal, runningHertz: nominal, settable: false, reason: obstacle)
        }
        func limit(_ hertz: Double?, _ what: String) -> Quantity {
            hertz.map { Quantity(value: $0, count: 1, origin: origin, reason: "cpufreq \(fastest.name), \(what)") }
                ?? .unavailable("cpufreq \(fastest.name) does not report its \(what)")
        }
        return FrequencyDescription(
            minimumHertz: limit(
                fastest.scalingMinimumHertz ?? fastest.hardwareMinimumHertz, "minimum allowed frequency"),
            maximumHertz: limit(highest(fastest), "maximum allowed frequency"),
            runningHertz: Estimate.median(of: samples).map {
                Quantity($0, origin: origin, reason: "median at the ends of steps and windows")
            } ?? nominalFrequency("cpufreq does not report the frequency"),
            settable: obstacle == nil, reason: obstacle)
    }

    private func nominalFrequency(_ why: String) -> Quantity {
        guard let hertz = cpuinfoHertz else { return .unavailable("\(why), and /proc/cpuinfo has no frequency") }
        return Quantity(value: hertz, count: 1, origin: .modelled, reason: "frequency of /proc/cpuinfo; \(why)")
    }

    /// Rated values, as far as the box reports them.
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
            } ?? .unavailable("the instruction set \(host.instructionSet) is unknown"),
            powerWatts: power)
    }
}
