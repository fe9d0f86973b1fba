import CPUFreq
import Host
import ProbeKit
import Profiling
import SystemPackage

/// What the box did during a window: stolen time, throttling and the clock, read on held descriptors.
///
/// Each is watched on its own: one that cannot be read leaves the others. ``unwatched`` says which and why.
struct ConditionsMonitor {
    private let reader: HostCounterReader?
    private let clocks: [HeldFile]
    /// What spoils windows on some boxes and cannot be seen on this one.
    let unwatched: [String]

    /// - Parameter clockRoot: where cpufreq is read: the running system or a virtual board's tree.
    init(_ host: HostProbe, clockRoot: SystemRoot) {
        var unwatched: [String] = []
        var reader: HostCounterReader?
        do {
            reader = try host.counterReader()
            let counters = try reader?.read()
            if counters?.stealSeconds == nil { unwatched.append("stolen time: the kernel does not tell it") }
            if counters?.coreThrottleCount == nil && counters?.packageThrottleCount == nil {
                unwatched.append("throttling: the processor shows no counters of it")
            }
        } catch {
            unwatched.append("stolen time and throttling: \(error)")
        }
        clocks = CPUFreqProbe(root: clockRoot).policies().compactMap {
            try? HeldFile($0.directory.appending("scaling_cur_freq"))
        }
        if clocks.isEmpty { unwatched.append("the clock: there is no cpufreq") }
        self.reader = reader
        self.unwatched = unwatched
    }

    func now() -> BoxConditions {
        let kilohertz = clocks.compactMap { try? $0.counter() }.max()
        var conditions = BoxConditions(clockHertz: kilohertz.map { Double($0) * 1e3 })
        guard let counters = try? reader?.read() else { return conditions }
        let throttles = [counters.coreThrottleCount, counters.packageThrottleCount].compactMap(\.self)
        conditions.stealSeconds = counters.stealSeconds
        conditions.throttleCount = throttles.isEmpty ? nil : Int(clamping: throttles.reduce(0, &+))
        return conditions
    }
}
