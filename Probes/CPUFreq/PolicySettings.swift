import SystemIO
import SystemPackage

/// What a lease changes of one policy, as it was before.
///
/// The values are kept as the kernel's own text, so that what is given back is what was there.
struct PolicySettings: Sendable, Hashable {
    /// `sys/devices/system/cpu/cpufreq/policy0`, relative to the root.
    var place: String
    /// Kilohertz.
    var minimum: String
    var maximum: String
    /// Kilohertz; only under the governor `userspace`, which alone takes a speed.
    var speed: String?

    /// - Throws: ``KerfError`` when a limit cannot be read: what cannot be given back is not changed.
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

    /// Gives everything back and looks whether it arrived.
    ///
    /// A policy that has gone with its directory is no failure: it comes back with its defaults. One whose processors are
    /// all off line keeps what was set, and takes nothing until they are back.
    func restore(root: SystemRoot) throws(KerfError) {
        let directory = root.file(place)
        guard root.isDirectory(directory) else { return }
        do throws(KerfError) {
            try write(to: directory)
        } catch {
            guard CPUFreqPolicy.isOffline(directory) else { throw error }
            throw KerfError(
                .busy, "its processors are off line, and would come back with the limits that were set",
                at: directory,
                remedy: "bring them on line and try again")
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
                    .ioError, "is \(SysfsFile.quoted(found)) after \(value) was written", at: path,
                    remedy: "set it by hand: echo \(value) | sudo tee \(path)")
            }
        }
    }
}

/// The two limits of a policy, which the kernel refuses to cross.
struct PolicyLimits {
    var directory: FilePath

    /// Sets both, in the order in which the lower never exceeds the upper.
    func set(minimum: String, maximum: String) throws(KerfError) {
        let (low, high) = (directory.appending("scaling_min_freq"), directory.appending("scaling_max_freq"))
        let isUp = try SysfsFile.integer(at: high) <= Int64(maximum) ?? 0
        if isUp { try SysfsFile.write(maximum, to: high) }
        try SysfsFile.write(minimum, to: low)
        if !isUp { try SysfsFile.write(maximum, to: high) }
    }
}

extension CPUFreqPolicy {
    /// Whether the policy is given a speed; otherwise its limits are closed around it.
    ///
    /// Source: Documentation/admin-guide/pm/cpufreq.rst, `scaling_setspeed` and the governor `userspace`.
    package var takesSpeed: Bool { governor == "userspace" }

    /// Sets the clock; a policy whose processors have all been taken off line has none, and is passed over.
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
