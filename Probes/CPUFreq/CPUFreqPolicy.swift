public import SystemPackage

/// The processors that share one clock, and its limits. What the driver does not tell is `nil`.
///
/// Source: Documentation/admin-guide/pm/cpufreq.rst, "Policy Interface in sysfs". The kernel gives kilohertz; all
/// values here are in hertz.
public struct CPUFreqPolicy: Sendable, Hashable {
    /// `policy0`, or `cpu0` in a tree that has no policy directories.
    public var name: String
    /// The processors under this policy, online ones where the kernel tells them apart.
    public var cpus: [Int]
    public var driver: String?
    public var governor: String?
    /// What the hardware can do: `cpuinfo_min_freq`, `cpuinfo_max_freq`.
    public var hardwareMinimumHertz: Double?
    public var hardwareMaximumHertz: Double?
    /// What the policy allows: `scaling_min_freq`, `scaling_max_freq`.
    public var scalingMinimumHertz: Double?
    public var scalingMaximumHertz: Double?
    /// The clock now: `scaling_cur_freq`.
    public var currentHertz: Double?
    /// The steps that the driver offers, ascending; empty where it offers a range.
    public var availableHertz: [Double]
    /// Whether this process may write `scaling_max_freq`.
    public var isSettable: Bool
    /// Where the policy's attributes lie.
    public var directory: FilePath
}
