import Glibc
import SystemIO
import SystemPackage

/// The settings of one policy before a lease changes them.
///
/// Values are kept as the kernel's text, so that exactly the old values are restored.
struct PolicySettings: Sendable, Hashable {
    /// `sys/devices/system/cpu/cpufreq/policy0`, relative to the root.
    var place: String
    /// Kilohertz.
    var minimum: String
    var maximum: String
    /// Kilohertz; only for the governor `userspace`, the only one that takes a speed.
    var speed: String?

    /// - Throws: ``KerfError`` when a limit cannot be read, and so could not be restored.
    init(_ policy: CPUFreqPolicy, root: SystemRoot) throws(KerfError) {
        var place = policy.directory
        _ = place.removePrefix(root.path)
        self.place = place.string
        func kilohertz(_ attribute: String) throws(KerfError) -> String {
            String(try SysfsFile.integer(at: policy.directory.appending(attribute)))
        }
        minimum = try kilohertz("scaling_min_freq")
        maximum = try kilohertz("scaling_max_freq")
        speed = policy.takesSpeed ? try kilohertz("scaling_setspeed") : nil
    }

    /// Whether there is nothing to restore: the policy has these settings, or its directory is gone, since it comes back with
    /// its defaults.
    func isInEffect(root: SystemRoot) -> Bool {
        let directory = root.file(place)
        guard root.isDirectory(directory) else { return true }
        let settings = limits + (speed.map { [(attribute: "scaling_setspeed", value: $0)] } ?? [])
        return settings.allSatisfy { attribute, value in
            // A setting that cannot be read is not known to be this one.
            (try? SysfsFile.text(at: directory.appending(attribute))) == value
        }
    }

    private var limits: [(attribute: String, value: String)] {
        [("scaling_min_freq", minimum), ("scaling_max_freq", maximum)]
    }

    fileprivate func write(root: SystemRoot) throws(KerfError) {
        try withDirectory(in: root) { (directory) throws(KerfError) in
            try PolicyLimits(directory: directory).set(minimum: minimum, maximum: maximum)
            if let speed { try SysfsFile.write(speed, to: directory.appending("scaling_setspeed")) }
        }
    }

    /// Waits until the policy shows the limits that were written.
    ///
    /// The kernel applies them in a work queue, so that what is read right after a write may be the old value.
    ///
    /// Source: drivers/cpufreq/cpufreq.c, `cpufreq_notifier_max` and `handle_update`.
    fileprivate func verify(root: SystemRoot, until deadline: MonotonicInstant) throws(KerfError) {
        try withDirectory(in: root) { (directory) throws(KerfError) in
            for (attribute, value) in limits {
                let path = directory.appending(attribute)
                var found = try SysfsFile.text(at: path)
                while found != value, MonotonicInstant.now() < deadline {
                    usleep(1000)
                    found = try SysfsFile.text(at: path)
                }
                guard found == value else {
                    throw KerfError(
                        .ioError, "is \(PlainText.quoted(found)) after \(value) was written", at: path,
                        remedy: "set it by hand: echo \(value) | sudo tee \(path)")
                }
            }
        }
    }

    /// A policy whose directory is gone is not a failure: it comes back with its defaults. A policy whose processors are all
    /// offline keeps its changed limits and accepts no others until they are back.
    private func withDirectory(
        in root: SystemRoot, _ body: (FilePath) throws(KerfError) -> Void
    ) throws(KerfError) {
        let directory = root.file(place)
        guard root.isDirectory(directory) else { return }
        do throws(KerfError) {
            try body(directory)
        } catch {
            guard CPUFreqPolicy.isOffline(directory) else { throw error }
            throw KerfError(
                .busy, "its processors are offline and would come back with the changed limits",
                at: directory,
                remedy: "bring them online and try again")
        }
    }

    /// Time within which written limits take effect.
    fileprivate static let effectNanoseconds: Int64 = 500_000_000
}

extension [PolicySettings] {
    /// Restores all that can be restored, and verifies it.
    ///
    /// - Throws: the first failure, when all were tried.
    func restore(root: SystemRoot) throws(KerfError) {
        var firstFailure: KerfError?
        var written: [PolicySettings] = []
        for settings in self {
            do throws(KerfError) {
                try settings.write(root: root)
                written.append(settings)
            } catch {
                firstFailure = firstFailure ?? error
            }
        }
        // All have been written before the first is waited for.
        let deadline = MonotonicInstant(
            nanoseconds: MonotonicInstant.now().nanoseconds + PolicySettings.effectNanoseconds)
        for settings in written {
            do throws(KerfError) {
                try settings.verify(root: root, until: deadline)
            } catch {
                firstFailure = firstFailure ?? error
            }
        }
        if let firstFailure { throw firstFailure }
    }
}

/// The two limits of a policy. The kernel refuses a minimum above the maximum.
struct PolicyLimits {
    var directory: FilePath

    /// Sets both, in the order in which the minimum never exceeds the maximum.
    func set(minimum: String, maximum: String) throws(KerfError) {
        let (low, high) = (directory.appending("scaling_min_freq"), directory.appending("scaling_max_freq"))
        let isUp = try SysfsFile.integer(at: high) <= Int64(maximum) ?? 0
        if isUp { try SysfsFile.write(maximum, to: high) }
        try SysfsFile.write(minimum, to: low)
        if !isUp { try SysfsFile.write(maximum, to: high) }
    }
}

extension CPUFreqPolicy {
    /// Whether the frequency is set by `scaling_setspeed`; otherwise both limits are set to it.
    ///
    /// Source: Documentation/admin-guide/pm/cpufreq.rst, `scaling_setspeed` and the governor `userspace`.
    package var takesSpeed: Bool { governor == "userspace" }

    /// Sets the frequency. A policy whose processors have all been taken offline has none and is skipped.
    func set(hertz: Double) throws(KerfError) {
        do throws(KerfError) {
            try write(kilohertz: String(Int64((hertz / 1000).rounded())))
        } catch {
            guard Self.isOffline(directory) else { throw error }
        }
    }

    private func write(kilohertz: String) throws(KerfError) {
        if takesSpeed {
            try SysfsFile.write(kilohertz, to: directory.appending("scaling_setspeed"))
        } else {
            try PolicyLimits(directory: directory).set(minimum: kilohertz, maximum: kilohertz)
        }
    }
}
