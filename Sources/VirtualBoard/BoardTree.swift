import Glibc
import SystemIO
import SystemPackage

/// The files of a virtual board, in the kernel's layout.
///
/// `sys/class/powercap` links to the zones nested below `sys/devices/virtual/powercap`; one cpufreq policy; one hwmon
/// chip `kerf_board` with the package's temperature and average power; a battery that supplies the platform.
final class BoardTree {
    private let root: SystemRoot
    private(set) var energy: [FixedWidthFile] = []
    let currentFrequency: FixedWidthFile
    let temperature: FixedWidthFile
    let averagePower: FixedWidthFile
    let batteryPower: FixedWidthFile
    /// Files that users of the tree write. They are read at every update and not written after their creation.
    let frequencyLimit: HeldFile
    let measuredPID: HeldFile

    static let policy = "sys/devices/system/cpu/cpufreq/policy0"
    static let chip = "sys/class/hwmon/hwmon0"
    static let battery = "sys/class/power_supply/BAT0"
    static let measuredPIDFile = "kerf/measured_pid"

    init(root: SystemRoot, settings: BoardSettings) throws(KerfError) {
        self.root = root
        for domain in BoardDomain.allCases {
            energy.append(try Self.zone(domain, root: root, settings: settings))
        }
        let maximum = Self.kilohertz(settings.maximumHertz)
        try Self.policy(root: root, settings: settings)
        currentFrequency = try FixedWidthFile(root.file("\(Self.policy)/scaling_cur_freq"), maximum)
        frequencyLimit = try HeldFile(root.file("\(Self.policy)/scaling_max_freq"))

        try Self.write(
            root, Self.chip,
            [
                "name": "kerf_board", "temp1_label": "Package id 0", "temp1_max": "85000", "temp1_crit": "100000",
                "power1_label": "package",
            ])
        let ambient = UInt64(max(0, settings.ambientCelsius) * 1000)
        temperature = try FixedWidthFile(root.file("\(Self.chip)/temp1_input"), ambient)
        // Nothing runs yet, so each shows its idle power.
        func idleMicrowatts(_ domain: BoardDomain) -> UInt64 {
            let watts = settings.power.joules(
                domain: domain, seconds: 1, cpuSeconds: 0, frequencyHertz: settings.maximumHertz)
            return UInt64(max(0, watts * 1e6))
        }
        averagePower = try FixedWidthFile(root.file("\(Self.chip)/power1_average"), idleMicrowatts(.package))

        try Self.write(root, Self.battery, ["type": "Battery", "status": "Discharging", "present": "1"])
        batteryPower = try FixedWidthFile(root.file("\(Self.battery)/power_now"), idleMicrowatts(.psys))

        _ = try FixedWidthFile(root.file(Self.measuredPIDFile), 0)
        measuredPID = try HeldFile(root.file(Self.measuredPIDFile))
    }

    /// Gives the policy's limits their write permission or takes it, as a driver does that accepts none.
    func permitLimits(_ isPermitted: Bool) {
        for attribute in ["scaling_min_freq", "scaling_max_freq"] {
            // Without effect for the board itself; a limit that is written all the same is ignored.
            _ = chmod(root.file("\(Self.policy)/\(attribute)").string, isPermitted ? 0o644 : 0o444)
        }
    }

    static func kilohertz(_ hertz: Double) -> UInt64 { UInt64((hertz / 1000).rounded()) }

    private static func zone(
        _ domain: BoardDomain, root: SystemRoot, settings: BoardSettings
    ) throws(KerfError) -> FixedWidthFile {
        let controlType = "devices/virtual/powercap/intel-rapl"
        let directory = "sys/\(controlType)/\(domain.place)"
        let range = settings.range(of: domain)
        try write(root, "sys/\(controlType)", ["enabled": "1"])
        try write(
            root, directory, ["name": domain.zoneName, "enabled": "1", "max_energy_range_uj": "\(range)"])
        if domain == .package {
            let microwatts = String(UInt64(settings.ratedWatts * 1e6))
            // The measured process may use every processor, whatever the board is rated for.
            let processors = Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            // Between two holds a slowed process draws the energy of the hold as well.
            let peak =
                settings.frequenciesHertz.map { hertz in
                    settings.power.joules(
                        domain: .package, seconds: 1, cpuSeconds: processors * settings.maximumHertz / hertz,
                        frequencyHertz: hertz)
                }.max() ?? 0
            try write(
                root, directory,
                [
                    "constraint_0_name": "long_term", "constraint_0_max_power_uw": microwatts,
                    "constraint_0_power_limit_uw": microwatts, "constraint_0_time_window_us": "27983872",
                    "constraint_1_name": "peak_power", "constraint_1_power_limit_uw": "\(UInt64(max(0, peak) * 1e6))",
                ])
        }
        let device = FilePath(domain.place).lastComponent?.string ?? domain.place
        try link(root, "sys/class/powercap/intel-rapl", to: "../../\(controlType)")
        try link(root, "sys/class/powercap/\(device)", to: "../../\(controlType)/\(domain.place)")
        return try FixedWidthFile(root.file("\(directory)/energy_uj"), settings.initialMicrojoules % range)
    }

    private static func policy(root: SystemRoot, settings: BoardSettings) throws(KerfError) {
        let (minimum, maximum) = (kilohertz(settings.minimumHertz), kilohertz(settings.maximumHertz))
        let processors = (0..<max(1, settings.processors)).map(String.init).joined(separator: " ")
        let steps = settings.frequenciesHertz.reversed().map { "\(kilohertz($0))" }.joined(separator: " ")
        try write(
            root, policy,
            [
                "affected_cpus": processors, "related_cpus": processors, "scaling_driver": "kerf-board",
                "scaling_governor": "performance", "scaling_available_governors": "performance",
                "scaling_available_frequencies": steps, "scaling_setspeed": "<unsupported>",
                "cpuinfo_min_freq": "\(minimum)", "cpuinfo_max_freq": "\(maximum)",
            ])
        _ = try FixedWidthFile(root.file("\(policy)/scaling_min_freq"), minimum)
        _ = try FixedWidthFile(root.file("\(policy)/scaling_max_freq"), maximum)
        for processor in 0..<max(1, settings.processors) {
            try link(root, "sys/devices/system/cpu/cpu\(processor)/cpufreq", to: "../cpufreq/policy0")
        }
    }

    // MARK: - Constant files

    /// Writes attributes that do not change.
    private static func write(
        _ root: SystemRoot, _ directory: String, _ attributes: KeyValuePairs<String, String>
    ) throws(KerfError) {
        try BoardFiles.makeDirectory(root.file(directory))
        for (name, value) in attributes {
            try BoardFiles.write(root.file("\(directory)/\(name)"), Array((value + "\n").utf8))
        }
    }

    private static func link(_ root: SystemRoot, _ place: String, to target: String) throws(KerfError) {
        let path = root.file(place)
        try BoardFiles.makeDirectory(path.removingLastComponent())
        do {
            try makeLink(path, to: target)
        } catch {
            throw KerfError(error, doing: "link", at: path)
        }
    }
}
