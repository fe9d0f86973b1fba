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
        var settings = [("scaling_min_freq", minimum), ("scaling_max_freq", maximum)]
        if let speed { settings.append(("scaling_setspeed", speed)) }
        return settings.allSatisfy { attribute, value in
            // A setting that cannot be read is not known to be this one.
            (try? SysfsFile.text(at: directory.appending(attribute))) == value
        }
    }

    /// Restores the settings and verifies them.
    ///
    /// A policy whose directory is gone is not a failure: it comes back with its defaults. A policy whose processors are all
    /// offline keeps its changed limits and accepts no others until they are back.
    func restore(root: SystemRoot) throws(KerfError) {
        let directory = root.file(place)
        guard root.isDirectory(directory) else { return }
        do throws(KerfError) {
            try write(to: directory)
        } catch {
            guard CPUFreqPolicy.isOffline(directory) else { throw error }
            throw KerfError(
                .busy, "its processors are offline and would come back with the changed limits",
                at: directory,
                remedy: "bring them online and try again")
        }
    }

    private func write(to directory: FilePath) throws(KerfError) {
        try PolicyLimits(directory: directory).set(minimum: minimum, maximum: maximum)
        if let speed { try SysfsFile.write(speed, to: directory.appending("scaling_setspeed")) }
        for (attribute, value) in [("scaling_min_freq", minimum), ("scaling_max_freq", maximum)] {
            let path = directory.appending(attribute)
            let found = try SysfsFile.text(at: path)
            guard found == value else {
                throw KerfError(
                    .ioError, "is \(PlainText.quoted(found)) after \(value) was written", at: path,
                    remedy: "set it by hand: echo \(value) | sudo tee \(path)")
            }
        }
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
