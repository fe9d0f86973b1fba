import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage

/// The `power` PMU, by which a capability suffices where powercap wants root.
extension RAPLProbe {
    /// Whether ``perfMeter()`` would deliver. Counters are opened to find out, and closed again.
    package func perfAvailability() -> Availability {
        do throws(KerfError) {
            return Availability(.present, reason: "total = \(try perfMeter().tree.totalFormula)")
        } catch {
            let place = error.location.map { "\($0): " } ?? ""
            return Availability(
                error.code == .permissionDenied ? .forbidden : .absent, reason: place + error.message,
                remedy: error.remedy)
        }
    }

    /// A meter on the PMU's counters.
    ///
    /// - Throws: ``KerfError`` with the remedy.
    package func perfMeter() throws(KerfError) -> PerfPowerMeter {
        guard root.isLive else {
            throw KerfError(
                .notFound, "a tree of files has no counters of a PMU",
                remedy: "on the running system: kerf doctor")
        }
        return try perfMeter(of: root)
    }

    /// - Parameter tree: where the PMU is described; what is opened is always the running kernel's.
    func perfMeter(of tree: SystemRoot) throws(KerfError) -> PerfPowerMeter {
        do throws(KerfError) {
            return try PerfPowerMeter(try PerfPowerUnit(root: tree), root: tree)
        } catch {
            throw KerfError(
                error.code, error.message, at: error.location.map { FilePath($0) },
                remedy: error.remedy ?? Self.remedy(error))
        }
    }

    private static func remedy(_ error: KerfError) -> Remedy? {
        switch error.code {
        case .permissionDenied:
            "sudo setcap cap_perfmon+ep \"$(command -v kerf)\"; or for everybody: sudo sysctl kernel.perf_event_paranoid=0"
        case .notFound:
            "sudo modprobe rapl (Intel and AMD; the kernel needs CONFIG_PERF_EVENTS_INTEL_RAPL); a virtual machine has none"
        default: nil
        }
    }
}
