import CPUFreq
import Host
import ProbeKit
import SystemIO
import SystemPackage
import TransformerKernels

/// A frequency sweep: the lease on the frequency and the setpoints to visit.
package struct FrequencySweepPlan {
    package let lease: FrequencyLease
    /// Setpoints of the whole box.
    package let setpoints: [FrequencySetpoint]
    /// Each core type alone; empty where all cores are alike.
    package let groups: [CoreGroup]
    /// Core types that are not swept alone, and why.
    package let omissions: [String]

    package enum Outcome {
        case notRequested
        case possible(FrequencySweepPlan)
        /// The frequency cannot be set on this box.
        case impossible(String)

        /// Requested parts that are not swept, and why.
        package var notSwept: [String] {
            switch self {
            case .notRequested: []
            case .possible(let sweep): sweep.omissions
            case .impossible(let reason): [reason]
            }
        }
    }

    /// Takes the lease before minutes are spent on the profile.
    ///
    /// A box whose frequency cannot be set is not an error. An impossible choice of frequencies and another lease are.
    package static func prepare(_ choice: FrequencyChoice?, root: SystemRoot) throws -> Outcome {
        guard let choice else { return .notRequested }
        let probe = CPUFreqProbe(root: root)
        if let reason = probe.whyNotSettable() { return .impossible("\(reason)") }
        let lease = try FrequencyLease(root: root, executable: "/proc/self/exe")
        do throws(KerfError) {
            let kinds = HostProbe(root: root).coreTypes().map { (name: $0.name, cpus: $0.cpus) }
            let groups = try choice.groups(of: lease.policies, kinds: kinds)
            let swept = groups.filter { ThreadTeam.mayRun(on: $0.cpus) }
            let omissions = kinds.map(\.name).filter { kind in
                kinds.count > 1 && !swept.contains { $0.name == kind }
            }
            .map { kind in
                let isBarred = groups.contains { $0.name == kind }
                return "\(kind)s alone: "
                    + (isBarred
                        ? "this process may not run on all of them" : "they have no two frequencies of their own")
            }
            return .possible(
                FrequencySweepPlan(
                    lease: lease, setpoints: try choice.setpoints(of: lease.policies), groups: swept,
                    omissions: omissions))
        } catch {
            throw KerfError(
                .invalidArgument, "frequencies: \(error.message)", cause: error.cause, remedy: error.remedy)
        }
    }
}
