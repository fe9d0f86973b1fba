import Glibc
import ProbeKit
import SystemIO

/// A declared power model: `idle=2.7,busy=19`, watts of the box at rest and with all processors at work.
package struct PowerModel: Sendable {
    package let idleWatts: Double
    package let busyWatts: Double

    /// - Throws: ``KerfError/Code/invalidArgument`` with the reason and an example.
    package init(parsing argument: String) throws(KerfError) {
        func refusal(_ what: String) -> KerfError {
            KerfError(.invalidArgument, "\(what); write it like idle=2.7,busy=19, in watts")
        }
        var watts: [Substring: Double] = [:]
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, ["idle", "busy"].contains(sides[0]), watts[sides[0]] == nil else {
                throw refusal("\(PlainText.quoted(String(part))) is neither idle=W nor busy=W, or is repeated")
            }
            guard let value = Double(sides[1]), value >= 0, value <= EnergyCounter.maximumWatts else {
                throw refusal(
                    "\(PlainText.quoted(String(sides[1]))) is not between 0 and \(EnergyCounter.maximumWatts) W")
            }
            watts[sides[0]] = value
        }
        guard let idle = watts["idle"], let busy = watts["busy"] else { throw refusal("idle and busy are both needed") }
        guard busy > 0, busy >= idle else { throw refusal("busy must be above 0 and at least idle") }
        (idleWatts, busyWatts) = (idle, busy)
    }

    /// The reason that is stored with values of the model.
    package var basis: String {
        "declared: \(idleWatts) W idle, \(busyWatts) W with all \(processors) processors busy, between them by the "
            + "processor time of the measured process"
    }

    private var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    package func meter(of process: ObservedProcess = .own) -> PowerModelMeter {
        PowerModelMeter(
            idleWatts: idleWatts, busyWatts: busyWatts, processors: processors, cpuSeconds: process.cpuSeconds)
    }
}
