import SystemPackage

/// The processors that share one clock, and its limits. What the driver does not tell is `nil`.
///
/// Source: Documentation/admin-guide/pm/cpufreq.rst, "Policy Interface in sysfs". The kernel gives kilohertz; all
/// values here are in hertz.
package struct CPUFreqPolicy: Sendable, Hashable {
    /// `policy0`, or `cpu0` in a tree that has no policy directories.
    package var name: String
    /// The processors under this policy, online ones where the kernel tells them apart.
    package var cpus: [Int]
    package var driver: String?
    package var governor: String?
    /// What the hardware can do: `cpuinfo_min_freq`, `cpuinfo_max_freq`.
    package var hardwareMinimumHertz: Double?
    package var hardwareMaximumHertz: Double?
    /// What the policy allows: `scaling_min_freq`, `scaling_max_freq`.
    package var scalingMinimumHertz: Double?
    package var scalingMaximumHertz: Double?
    /// The clock now: `scaling_cur_freq`.
    package var currentHertz: Double?
    /// The steps that the driver offers, ascending; empty where it offers a range.
    package var availableHertz: [Double]
    /// Whether this process may write `scaling_max_freq`.
    package var isSettable: Bool
    /// Where the policy's attributes lie.
    package var directory: FilePath
}
