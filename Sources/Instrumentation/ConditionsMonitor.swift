import CPUFreq
import Host
import ProbeKit
import Quantities
import Synchronization
import SystemIO
import SystemPackage

/// Samples the box's conditions around windows on held descriptors: steal time, throttling, CPUs going on or off line, the
/// control group's quota, frequency, temperature, page faults, the load from other processes and the waits that it causes.
///
/// Each is monitored independently of the others. ``unmonitored`` lists those that cannot be read, with the reason.
package struct ConditionsMonitor: Sendable {
    private let process: ObservedProcess
    private let workers: WorkerProcesses?
    private let reader: HostCounterReader?
    private let frequencies: [(policy: String, file: HeldFile)]
    private let temperature: HeldFile?
    /// Whether load from other processes disturbs a window, as it does where the meter measures the whole box, and where
    /// no processor is left for them.
    private let monitorsOthers: Bool
    private let scheduling: SchedulingReader?
    private let hotplug: HotplugReader?
    /// Whether waits for a processor disturb a window: whatever the meter, they lengthen times.
    private let monitorsContention: Bool
    /// Whether time that the hypervisor took disturbs a window.
    private let monitorsSteal: Bool
    /// Whether other processes are a reason to reject a window, so that a run wants to know which they are.
    package var monitorsProcesses: Bool { monitorsOthers || monitorsContention }
    /// Whether the processor's speed is found by timing: where the box itself reports no frequency. A virtual board's says
    /// nothing of the processor below it.
    private let watchesSpeed: Bool
    /// Conditions that could not be monitored from the start.
    private let missing: [String]
    private let losses = Losses()

    /// Conditions that cannot be monitored on this box, or no longer, each with the reason.
    package var unmonitored: [String] { missing + losses.texts }

    /// Conditions that can no longer be read. The run continues without them.
    private final class Losses: Sendable {
        private let errors = Mutex<[String: String]>([:])

        package var texts: [String] {
            errors.withLock(\.self).sorted { $0.key < $1.key }.map { "\($0.key), lost during the run: \($0.value)" }
        }

        package func note(_ what: String, _ error: KerfError) {
            errors.withLock { errors in if errors[what] == nil { errors[what] = "\(error)" } }
        }

        package func reading<Value>(_ what: String, _ read: () throws(KerfError) -> Value?) -> Value? {
            do throws(KerfError) {
                return try read()
            } catch {
                note(what, error)
                return nil
            }
        }
    }

    /// - Parameters:
    ///   - process: whose work is measured.
    ///   - frequencyRoot: the root for cpufreq and the temperature: the running system's or a virtual board's.
    ///   - meterOrigin: a real meter measures other processes too; a board and a power model count this process only.
    ///   - ignoresLoad: whether other processes are expected to run on the same processors and may: another part of the
    ///     same run, or what else a busy machine does. Energy by a real meter still excludes them.
    ///   - ignoresSteal: whether the same holds for other virtual machines on the host, and for what they do to the
    ///     processor's speed.
    ///   - usesAllProcessors: whether the run has a thread on every processor of the box: what other processes run then
    ///     takes time from it, whatever the meter.
    package init(
        _ host: HostProbe, of process: ObservedProcess = .own, frequencyRoot: SystemRoot, meterOrigin: Origin,
        ignoresLoad: Bool = false, ignoresSteal: Bool = false, usesAllProcessors: Bool = false
    ) {
        self.process = process
        workers = host.workers(of: process)
        var unmonitored: [String] = []
        var reader: HostCounterReader?
        do {
            reader = try host.counterReader()
            let counters = try reader?.read()
            if counters?.stealSeconds == nil { unmonitored.append("steal time: the kernel does not report it") }
            if counters?.canShowThrottling != true {
                unmonitored.append("throttling: the processor has no counters of it")
            }
            if let failure = reader?.coolingFailure { unmonitored.append("part of the throttling: \(failure)") }
        } catch {
            unmonitored.append("steal time and throttling: \(error)")
        }
        var frequencies: [(policy: String, file: HeldFile)] = []
        var failure: String?
        for policy in CPUFreqProbe(root: frequencyRoot).policies() {
            do throws(KerfError) {
                frequencies.append((policy.name, try HeldFile(policy.directory.appending("scaling_cur_freq"))))
            } catch {
                failure = failure ?? "\(policy.name): \(error)"
            }
        }
        self.frequencies = frequencies
        // Policies that can be read do not hide one that cannot.
        if let reason = failure ?? (frequencies.isEmpty ? "there is no cpufreq" : nil) {
            unmonitored.append("the frequency: \(reason)")
        }
        do throws(KerfError) {
            temperature = try HostProbe(root: frequencyRoot).processorTemperature()
            if temperature == nil { unmonitored.append("the temperature: no known sensor of the processor") }
        } catch {
            temperature = nil
            unmonitored.append("the temperature: \(error)")
        }
        // A board is served by a process on the same box.
        monitorsContention = !ignoresLoad && meterOrigin != .simulated
        monitorsSteal = !ignoresSteal
        let isSpeedUnknown = CPUFreqProbe(root: host.root).policies().isEmpty
        watchesSpeed = !ignoresSteal && isSpeedUnknown
        monitorsOthers = meterOrigin == .measured || monitorsContention && usesAllProcessors
        if !monitorsOthers, meterOrigin == .simulated || meterOrigin == .modelled {
            let what = meterOrigin == .simulated ? "virtual board" : "power model"
            unmonitored.append("load from other processes: a \(what) counts the measured process only")
        }
        if ignoresSteal {
            unmonitored.append(
                (isSpeedUnknown ? "steal time and the processor's speed" : "steal time") + ": ignored as asked")
        }
        if ignoresLoad, meterOrigin != .simulated {
            unmonitored.append("waiting for a processor: load from other processes is ignored as asked")
        }
        var scheduling: SchedulingReader?
        do throws(KerfError) {
            scheduling = try host.schedulingReader(of: process)
            if monitorsContention, scheduling?.runQueueDelays() == nil {
                unmonitored.append("how long threads wait for a processor: the kernel does not report it")
            }
        } catch {
            unmonitored.append("the control group's quota, and how long threads wait for a processor: \(error)")
        }
        self.scheduling = scheduling
        do throws(KerfError) {
            hotplug = try host.hotplugReader()
        } catch {
            hotplug = nil
            unmonitored.append("\(Self.hotplugCondition): \(error)")
        }
        self.reader = reader
        missing = unmonitored
    }

    private static let hotplugCondition = "CPUs going on or off line"

    package func now() -> BoxConditions { now(frequencyOf: nil) }

    /// - Parameter policies: those whose highest frequency is sampled; `nil` for all.
    package func now(frequencyOf policies: Set<String>?) -> BoxConditions {
        let watched = frequencies.filter { policies?.contains($0.policy) ?? true }
        let kilohertz = watched.compactMap { frequency in
            losses.reading("the frequency") { () throws(KerfError) in try frequency.file.counter() }
        }.max()
        let millidegrees = temperature.flatMap { file in
            losses.reading("the temperature") { () throws(KerfError) in try file.integer() }
        }
        var conditions = BoxConditions(
            frequencyHertz: kilohertz.map { Double($0) * 1e3 }, majorFaultCount: process.majorFaults(),
            celsius: millidegrees.map { Double($0) * 1e-3 })
        if let scheduling {
            conditions.quotaSeconds =
                losses.reading("the control group's quota", scheduling.throttling)?.seconds
        }
        if monitorsContention {
            conditions.waitSeconds = scheduling?.runQueueDelays()
            // The time tells more, so that without it the number is read.
            if conditions.waitSeconds == nil {
                conditions.involuntarySwitchCounts = scheduling?.involuntarySwitchCounts()
            }
        }
        if let hotplug { conditions.onlineProcessors = losses.reading(Self.hotplugCondition, hotplug.read) }
        guard let reader else { return conditions }
        let times = losses.reading("steal time and load from other processes", reader.processorTimes)
        let throttles = [
            losses.reading("throttling of cores", reader.coreThrottleCount),
            losses.reading("throttling of packages", reader.packageThrottleCount),
            losses.reading("cooling of the processors", reader.coolingChangeCount),
        ].compactMap(\.self)
        if monitorsSteal { conditions.stealSeconds = times?.steal }
        conditions.throttleCount = throttles.isEmpty ? nil : Int(clamping: throttles.reduce(0, &+))
        // What this process does to measure another one is no load of others, nor is what works for that one.
        let measuring = process.number == nil ? 0 : processCPUSeconds()
        let working = workers?.cpuSeconds() ?? 0
        conditions.otherLoadSeconds = times.map { $0.busy - process.cpuSeconds() - working - measuring }
        if monitorsOthers { conditions.otherProcessSeconds = conditions.otherLoadSeconds }
        return conditions
    }

    /// The time of the reference loop, where it is watched. It computes for a millisecond, and so is not a part of ``now()``:
    /// an idle window has to begin at rest.
    package func referenceSeconds() -> Double? { watchesSpeed ? ReferenceLoop.seconds() : nil }
}
