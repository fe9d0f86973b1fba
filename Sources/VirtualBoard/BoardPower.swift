/// The power function of a virtual board: its ground truth.
///
/// Each part draws its idle power all the time, plus an energy per second of processor time of the measured process. For the
/// cores that energy is proportional to the cube of the frequency `f`, as simulations of split learning assume
/// (P = k f^3); for the other parts it does not depend on the frequency.
///
///     core    = core_idle  t + core_cubic f^3 c          t: seconds, c: CPU seconds, f: GHz
///     uncore  = uncore_idle t + uncore c
///     package = core + uncore + package_rest_idle t + package_rest c
///     dram    = dram_idle t + dram c
///     psys    = package + dram + platform_rest_idle t
///
/// The defaults describe a client processor of the 15 to 28 W class.
package struct BoardPower: Sendable, Codable, Hashable {
    package var coreIdleWatts = 0.6
    /// Energy of a CPU second at `f`, in joules for each GHz^3: 6.2 J at 2.6 GHz.
    package var coreJoulesPerCPUSecondPerCubicGigahertz = 0.35
    package var uncoreIdleWatts = 0.4
    package var uncoreJoulesPerCPUSecond = 0.6
    package var packageRestIdleWatts = 1.0
    package var packageRestJoulesPerCPUSecond = 0.75
    package var dramIdleWatts = 0.7
    package var dramJoulesPerCPUSecond = 0.9
    package var platformRestIdleWatts = 3.5

    package init() {}

    /// Energy of a domain in joules, over `seconds` in which the measured process used `cpuSeconds` of processor time at
    /// `frequencyHertz`.
    package func joules(domain: BoardDomain, seconds: Double, cpuSeconds: Double, frequencyHertz: Double) -> Double {
        func of(_ other: BoardDomain) -> Double {
            joules(domain: other, seconds: seconds, cpuSeconds: cpuSeconds, frequencyHertz: frequencyHertz)
        }
        switch domain {
        case .core:
            let gigahertz = frequencyHertz * 1e-9
            let joulesPerCPUSecond = coreJoulesPerCPUSecondPerCubicGigahertz * gigahertz * gigahertz * gigahertz
            return coreIdleWatts * seconds + joulesPerCPUSecond * cpuSeconds
        case .uncore:
            return uncoreIdleWatts * seconds + uncoreJoulesPerCPUSecond * cpuSeconds
        case .package:
            let rest = packageRestIdleWatts * seconds + packageRestJoulesPerCPUSecond * cpuSeconds
            return of(.core) + of(.uncore) + rest
        case .dram:
            return dramIdleWatts * seconds + dramJoulesPerCPUSecond * cpuSeconds
        case .psys:
            return of(.package) + of(.dram) + platformRestIdleWatts * seconds
        }
    }

    /// Energy of the whole box in joules: package and memory.
    package func totalJoules(seconds: Double, cpuSeconds: Double, frequencyHertz: Double) -> Double {
        joules(domain: .package, seconds: seconds, cpuSeconds: cpuSeconds, frequencyHertz: frequencyHertz)
            + joules(domain: .dram, seconds: seconds, cpuSeconds: cpuSeconds, frequencyHertz: frequencyHertz)
    }

    enum CodingKeys: String, CodingKey {
        case coreIdleWatts = "core_idle_watts"
        case coreJoulesPerCPUSecondPerCubicGigahertz = "core_joules_per_cpu_second_per_cubic_gigahertz"
        case uncoreIdleWatts = "uncore_idle_watts"
        case uncoreJoulesPerCPUSecond = "uncore_joules_per_cpu_second"
        case packageRestIdleWatts = "package_rest_idle_watts"
        case packageRestJoulesPerCPUSecond = "package_rest_joules_per_cpu_second"
        case dramIdleWatts = "dram_idle_watts"
        case dramJoulesPerCPUSecond = "dram_joules_per_cpu_second"
        case platformRestIdleWatts = "platform_rest_idle_watts"
    }
}
