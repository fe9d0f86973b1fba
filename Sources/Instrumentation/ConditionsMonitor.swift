import CPUFreq
import Glibc
import Host
import ProbeKit
import Quantities
import Synchronization
import SystemIO
import SystemPackage

/// What the box did during a window: stolen time, throttling, the clock, heat, page faults and the load of others, read
/// on held descriptors.
///
/// Each is watched on its own: one that cannot be read leaves the others. ``unmonitored`` says which and why.
package struct ConditionsMonitor {
    private let reader: HostCounterReader?
    private let clocks: [(policy: String, file: HeldFile)]
    private let temperature: HeldFile?
    /// Whether the load of other processes spoils a window: it does where the meter counts the whole box.
    private let watchesOthers: Bool
    /// What could not be seen from the start.
    private let unseen: [String]
    private let losses = Losses()

    /// What spoils windows on some boxes and cannot be seen on this one, or was lost during the run.
    package var unmonitored: [String] { unseen + losses.texts }

    /// What could be read at first and cannot any more: windows are taken all the same, and that is said.
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
    ///   - clockRoot: where cpufreq and the temperature are read: the running system or a virtual board's tree.
    ///   - meterOrigin: a real meter counts other processes' work too; a board and a power model count this process.
    package init(_ host: HostProbe, clockRoot: SystemRoot, meterOrigin: Origin) {
        var unmonitored: [String] = []
        var reader: HostCounterReader?
        do {
            reader = try host.counterReader()
            let counters = try reader?.read()
            if counters?.stealSeconds == nil { unmonitored.append("stolen time: the kernel does not tell it") }
            if counters?.coreThrottleCount == nil && counters?.packageThrottleCount == nil {
                unmonitored.append("throttling: the processor shows no counters of it")
            }
        } catch {
            unmonitored.append("stolen time and throttling: \(error)")
        }
        clocks = CPUFreqProbe(root: clockRoot).policies().compactMap { policy in
            (try? HeldFile(policy.directory.appending("scaling_cur_freq"))).map { (policy.name, $0) }
        }
        if clocks.isEmpty { unmonitored.append("the clock: there is no cpufreq") }
        temperature = Self.processorTemperature(clockRoot)
        if temperature == nil { unmonitored.append("the temperature: no sensor of the processor is known") }
        watchesOthers = meterOrigin == .measured
        if meterOrigin == .simulated || meterOrigin == .modelled {
            let what = meterOrigin == .simulated ? "virtual board" : "power model"
            unmonitored.append("foreign load: a \(what) counts the measured process only")
        }
        self.reader = reader
        unseen = unmonitored
    }

    package func now() -> BoxConditions { now(clockOf: nil) }

    /// - Parameter policies: whose clock is looked at, the fastest of them; `nil` for all.
    package func now(clockOf policies: Set<String>?) -> BoxConditions {
        let watched = clocks.filter { policies?.contains($0.policy) ?? true }
        let kilohertz = watched.compactMap { clock in
            losses.reading("the clock") { () throws(KerfError) in try clock.file.counter() }
        }.max()
        let millidegrees = temperature.flatMap { file in
            losses.reading("the temperature") { () throws(KerfError) in try file.integer() }
        }
        var conditions = BoxConditions(
            clockHertz: kilohertz.map { Double($0) * 1e3 }, majorFaultCount: Self.majorFaults(),
            celsius: millidegrees.map { Double($0) * 1e-3 })
        guard let reader else { return conditions }
        let times = losses.reading("stolen time and the load of others", reader.processorTimes)
        let throttles = [
            losses.reading("throttling of cores", reader.coreThrottleCount),
            losses.reading("throttling of packages", reader.packageThrottleCount),
        ].compactMap(\.self)
        conditions.stealSeconds = times?.steal
        conditions.throttleCount = throttles.isEmpty ? nil : Int(clamping: throttles.reduce(0, &+))
        if watchesOthers { conditions.foreignSeconds = times.map { $0.busy - processCPUSeconds() } }
        return conditions
    }

    /// Page faults of this process that needed a disk (getrusage(2), `ru_majflt`).
    private static func majorFaults() -> Int? {
        var usage = rusage()
        return getrusage(.init(RUSAGE_SELF.rawValue), &usage) == 0 ? Int(usage.ru_majflt) : nil
    }

    /// The first sensor of the chip that measures the processor (Documentation/hwmon/coretemp.rst, k10temp.rst).
    private static func processorTemperature(_ root: SystemRoot) -> HeldFile? {
        let chips = ["coretemp", "k10temp", "zenpower", "cpu_thermal", "kerf_board"]
        let directory = root.file("sys/class/hwmon")
        return root.names(in: directory).sorted().lazy.map { directory.appending($0) }
            .filter { chip in (try? SysfsFile.text(at: chip.appending("name"))).map(chips.contains) ?? false }
            .compactMap { try? HeldFile($0.appending("temp1_input")) }.first
    }
}
