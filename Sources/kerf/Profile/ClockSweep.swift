import CPUFreq
import Calibration
import ProbeKit
import Profiling
import SystemPackage

/// A run's hold on the clock: a lease and the steps to go through, or why there is none.
struct ClockSweep {
    let lease: FrequencyLease
    let clocks: [ClockStep]

    enum Outcome {
        case notAsked
        case possible(ClockSweep)
        /// The clock cannot be set here.
        case impossible(String)
    }

    /// Takes the lease, so that what stands in the way is said before minutes are spent on the profile.
    ///
    /// A box whose clock cannot be set is no failure; an impossible choice of steps and a lease of somebody else are.
    static func prepare(_ choice: FrequencyChoice?, root: SystemRoot) throws -> Outcome {
        guard let choice else { return .notAsked }
        let probe = CPUFreqProbe(root: root)
        if let reason = probe.whyNotSettable() { return .impossible("\(reason)") }
        let lease = try FrequencyLease(root: root, executable: "/proc/self/exe")
        do throws(ProbeError) {
            return .possible(ClockSweep(lease: lease, clocks: try choice.steps(of: lease.policies)))
        } catch {
            throw KerfFailure(.usage, "--frequencies: \(error)")
        }
    }
}
