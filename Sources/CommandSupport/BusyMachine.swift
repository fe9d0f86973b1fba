import Glibc
import Instrumentation
import SystemIO

/// Whether a run may share its processors with other work, as tests on a busy machine do.
///
/// An environment variable and not an option, since it makes times worse and no measurement should ask for it. The run's
/// report says that the waits were not monitored.
package enum BusyMachine {
    /// `KERF_IGNORE_LOAD=1`.
    package static var isAccepted: Bool { getenv("KERF_IGNORE_LOAD").map { String(cString: $0) } == "1" }
}

extension RunMeter {
    /// A meter for a command, which accepts a busy machine where the environment says so.
    package static func ofCommand(_ selection: MeterSelection, sharesBox: Bool) throws(KerfError) -> RunMeter {
        try RunMeter(selection, sharesBox: sharesBox, ignoresLoad: BusyMachine.isAccepted)
    }
}
