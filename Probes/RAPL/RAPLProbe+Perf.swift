public import ProbeKit

/// The `power` PMU, by which a capability suffices where powercap wants root.
extension RAPLProbe {
    /// Whether ``perfMeter()`` would deliver. Counters are opened to find out, and closed again.
    public func perfAvailability() -> Availability {
        do throws(ProbeError) {
            return Availability(.present, reason: "total = \(try perfMeter().tree.totalFormula)")
        } catch {
            let place = error.path.map { "\($0): " } ?? ""
            return Availability(
                error.code == .forbidden ? .forbidden : .absent, reason: place + error.message, remedy: error.remedy)
        }
    }

    /// A meter on the PMU's counters.
    ///
    /// - Throws: ``ProbeError`` with the remedy.
    public func perfMeter() throws(ProbeError) -> PerfPowerMeter {
        guard root.isLive else {
            throw ProbeError(
                .vanished, "a tree of files has no counters of a PMU",
                remedy: "on the running system: kerf doctor")
        }
        return try perfMeter(of: root)
    }

    /// - Parameter tree: where the PMU is described; what is opened is always the running kernel's.
    func perfMeter(of tree: SystemRoot) throws(ProbeError) -> PerfPowerMeter {
        do throws(ProbeError) {
            return try PerfPowerMeter(try PerfPowerUnit(root: tree), root: tree)
        } catch {
            throw ProbeError(error.code, error.message, path: error.path, remedy: error.remedy ?? Self.remedy(error))
        }
    }

    private static func remedy(_ error: ProbeError) -> String? {
        switch error.code {
        case .forbidden:
            "sudo setcap cap_perfmon+ep \"$(command -v kerf)\"; or for everybody: sudo sysctl kernel.perf_event_paranoid=0"
        case .vanished:
            "sudo modprobe rapl (Intel and AMD; the kernel needs CONFIG_PERF_EVENTS_INTEL_RAPL); a virtual machine has none"
        default: nil
        }
    }
}
