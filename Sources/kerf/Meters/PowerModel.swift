import ArgumentParser
import ProbeKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A declared power model: `idle=2.7,busy=19`, watts of the box at rest and with all processors at work.
struct PowerModel: ExpressibleByArgument {
    let idleWatts: Double
    let busyWatts: Double

    init?(argument: String) {
        var watts: [Substring: Double] = [:]
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, ["idle", "busy"].contains(sides[0]), watts[sides[0]] == nil,
                let value = Double(sides[1]), value >= 0, value <= EnergyCounter.maximumWatts
            else { return nil }
            watts[sides[0]] = value
        }
        guard let idle = watts["idle"], let busy = watts["busy"], busy > 0, busy >= idle else { return nil }
        (idleWatts, busyWatts) = (idle, busy)
    }

    /// What stands in the file beside every figure that comes of it.
    var basis: String {
        "declared: \(idleWatts) W idle, \(busyWatts) W with all \(processors) processors busy, between them by the "
            + "processor time of this process"
    }

    private var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    var meter: PowerModelMeter {
        PowerModelMeter(idleWatts: idleWatts, busyWatts: busyWatts, processors: processors)
    }
}
