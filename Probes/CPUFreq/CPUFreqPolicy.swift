import Glibc
import SystemIO
import SystemPackage

/// A cpufreq policy: processors that share one frequency, and its limits. `nil` for what the driver does not report.
///
/// Source: Documentation/admin-guide/pm/cpufreq.rst, "Policy Interface in sysfs". The kernel uses kilohertz; all values
/// here are in hertz.
package struct CPUFreqPolicy: Sendable, Hashable {
    /// `policy0`, or `cpu0` in a tree that has no policy directories.
    package var name: String
    /// The policy's processors; only online ones where the kernel lists them.
    package var cpus: [Int]
    package var driver: String?
    package var governor: String?
    /// Limits of the hardware: `cpuinfo_min_freq`, `cpuinfo_max_freq`.
    package var hardwareMinimumHertz: Double?
    package var hardwareMaximumHertz: Double?
    /// Limits of the policy: `scaling_min_freq`, `scaling_max_freq`.
    package var scalingMinimumHertz: Double?
    package var scalingMaximumHertz: Double?
    /// The current frequency: `scaling_cur_freq`.
    package var currentHertz: Double?
    /// Frequencies that the driver offers, ascending; empty where it offers a range.
    package var availableHertz: [Double]
    /// Whether this process may write `scaling_max_freq`.
    package var isSettable: Bool
    /// The directory of the policy's attributes.
    package var directory: FilePath
}

extension CPUFreqPolicy {
    /// Every policy of the box that has an online processor, by number.
    ///
    /// A tree without `cpufreq/policyN` (a kernel before 4.3, a partial capture) has the same attributes below
    /// `cpuN/cpufreq`. There the processors that name the same group form one policy; one that names no group that contains
    /// itself is a policy of its own.
    static func all(root: SystemRoot) -> [CPUFreqPolicy] {
        let top = root.file("sys/devices/system/cpu")
        let policies = numbered("policy", in: top.appending("cpufreq"), root: root).compactMap { number, directory in
            isOffline(directory)
                ? nil : CPUFreqPolicy(named: "policy\(number)", in: directory, cpus: cpus(in: directory) ?? [number])
        }
        if !policies.isEmpty { return policies }
        var covered: Set<[Int]> = []
        return numbered("cpu", in: top, root: root).compactMap { number, cpu in
            let directory = root.resolvingFlattenedLink(cpu.appending("cpufreq"))
            guard root.isDirectory(directory), !isOffline(directory) else { return nil }
            let named = cpus(in: directory) ?? []
            let group = named.contains(number) ? named : [number]
            guard covered.insert(group).inserted else { return nil }
            return CPUFreqPolicy(named: "cpu\(number)", in: directory, cpus: group)
        }
    }

    /// Whether all processors of a policy are offline (half of all policies may be when SMT is disabled).
    ///
    /// The kernel keeps such a policy's directory. `affected_cpus` is then empty or, since Linux 5.19, returns EBUSY as
    /// every attribute does; older kernels refuse writes with EBUSY.
    ///
    /// Source: drivers/cpufreq/cpufreq.c, `show`, `store` and `policy_is_inactive`.
    static func isOffline(_ directory: FilePath) -> Bool {
        do throws(KerfError) {
            return try SysfsFile.text(at: directory.appending("affected_cpus")).isEmpty
        } catch {
            return error.code == .busy
        }
    }

    init(named name: String, in directory: FilePath, cpus: [Int]) {
        func text(_ attribute: String) -> String? {
            // Each attribute is optional: drivers lack some, and answer `<unsupported>` or an error for others.
            guard let text = try? SysfsFile.text(at: directory.appending(attribute)), !text.isEmpty,
                !text.hasPrefix("<")
            else { return nil }
            return text
        }
        func hertz(_ attribute: String) -> Double? { text(attribute).flatMap(Self.hertz) }
        self.name = name
        self.cpus = cpus
        self.directory = directory
        driver = text("scaling_driver")
        governor = text("scaling_governor")
        hardwareMinimumHertz = hertz("cpuinfo_min_freq")
        hardwareMaximumHertz = hertz("cpuinfo_max_freq")
        scalingMinimumHertz = hertz("scaling_min_freq")
        scalingMaximumHertz = hertz("scaling_max_freq")
        currentHertz = hertz("scaling_cur_freq")
        let steps = text("scaling_available_frequencies")?.split(whereSeparator: \.isWhitespace) ?? []
        availableHertz = Set(steps.compactMap { Self.hertz(String($0)) }).sorted()
        isSettable = Self.isWritable(directory.appending("scaling_max_freq"))
    }

    /// No processor is faster than 100 GHz: a larger number stands for no reading.
    static let maximumKilohertz: Int64 = 100_000_000

    /// Parses kilohertz to hertz; `nil` unless positive (`<unsupported>`, `<unknown>`, 0) and to be believed.
    private static func hertz(_ text: String) -> Double? {
        guard let kilohertz = Int64(text), kilohertz > 0, kilohertz <= maximumKilohertz else { return nil }
        return Double(kilohertz) * 1000
    }

    /// A driver that accepts no limits clears the write bits, which access(2) ignores for root.
    private static func isWritable(_ path: FilePath) -> Bool {
        var information = stat()
        guard stat(path.string, &information) == 0, information.st_mode & 0o222 != 0 else { return false }
        return access(path.string, W_OK) == 0
    }

    private static func cpus(in directory: FilePath) -> [Int]? {
        for attribute in ["affected_cpus", "related_cpus"] {
            // The other attribute may be readable; a policy without either is left out.
            guard let text = try? SysfsFile.text(at: directory.appending(attribute)) else { continue }
            let cpus = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.filter { $0 >= 0 }
            if !cpus.isEmpty { return Set(cpus).sorted() }
        }
        return nil
    }

    /// The directories named `prefix` and a number, each with its number.
    private static func numbered(_ prefix: String, in directory: FilePath, root: SystemRoot) -> [(Int, FilePath)] {
        root.names(in: directory).compactMap { name in
            guard name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)), number >= 0 else {
                return nil
            }
            let place = root.resolvingFlattenedLink(directory.appending(name))
            return root.isDirectory(place) ? (number, place) : nil
        }
    }
}
