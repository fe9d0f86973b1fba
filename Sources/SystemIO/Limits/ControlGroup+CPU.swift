import SystemPackage

/// CPU time and CPUs of a control group.
///
/// Source: Documentation/admin-guide/cgroup-v2.rst (`cpu.max`, `cpu.stat`, `cpuset.cpus.effective`);
/// Documentation/scheduler/sched-bwc.rst (`cpu.cfs_quota_us`, `cpu.cfs_period_us`, `cpu.stat`) and
/// admin-guide/cgroup-v1/cpusets.rst for version 1.
extension ControlGroup {
    /// The CPU time that the group may use in a period, as a number of CPUs: 0.6 for 60 ms in each 100 ms; `nil` without a
    /// quota.
    package func quotaCPUs(in root: SystemRoot) -> Double? {
        directories(in: root).compactMap { directory in
            isVersion2 ? Self.quotaOfVersion2(directory) : Self.quotaOfVersion1(directory)
        }.min()
    }

    /// The CPUs that the group may run on; `nil` where it does not say.
    package func effectiveCPUs(in root: SystemRoot) -> [Int]? {
        let names = isVersion2 ? ["cpuset.cpus.effective"] : ["cpuset.effective_cpus", "cpuset.cpus"]
        // The lowest level that says so is the tightest: a group's CPUs are among its parent's.
        for directory in directories(in: root) {
            for name in names {
                guard let text = Self.text(name, in: directory)?.split(separator: "\n").first,
                    let cpus = CPUList.parse(String(text)), !cpus.isEmpty
                else { continue }
                return cpus
            }
        }
        return nil
    }

    /// The files that count how often and how long the group and those above it were throttled, each for its own quota.
    package func throttleFiles(in root: SystemRoot) -> [FilePath] {
        directories(in: root).filter { CPUThrottling(parsing: Self.text("cpu.stat", in: $0) ?? "") != nil }
            .map { $0.appending("cpu.stat") }
    }

    /// `60000 100000`: microseconds in each period, or `max`.
    private static func quotaOfVersion2(_ directory: FilePath) -> Double? {
        let words = text("cpu.max", in: directory)?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count == 2 else { return nil }
        return ratio(Int(words[0]), Int(words[1]))
    }

    /// -1 stands for no quota.
    private static func quotaOfVersion1(_ directory: FilePath) -> Double? {
        ratio(number("cpu.cfs_quota_us", in: directory), number("cpu.cfs_period_us", in: directory))
    }

    private static func ratio(_ quota: Int?, _ period: Int?) -> Double? {
        guard let quota, let period, quota > 0, period > 0 else { return nil }
        return Double(quota) / Double(period)
    }
}

/// How often a control group used up its quota, and how long its threads waited for the next period, since it was made.
package struct CPUThrottling: Sendable, Hashable {
    /// Periods in which the quota was used up.
    package var count: UInt64
    /// Summed over CPUs.
    package var seconds: Double

    /// - Parameter text: of `cpu.stat`: `nr_throttled`, and `throttled_usec` in microseconds (version 2) or
    ///   `throttled_time` in nanoseconds (version 1).
    /// - Returns: `nil` for a group without counters: one for which the controller is off.
    package init?(parsing text: String) {
        var values: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { values[words[0]] = UInt64(words[1]) }
        }
        let microseconds = values["throttled_usec"].map { Double($0) * 1e-6 }
        let nanoseconds = values["throttled_time"].map { Double($0) * 1e-9 }
        guard let count = values["nr_throttled"], let seconds = microseconds ?? nanoseconds else { return nil }
        (self.count, self.seconds) = (count, seconds)
    }

    package init(count: UInt64, seconds: Double) {
        self.count = count
        self.seconds = seconds
    }
}
