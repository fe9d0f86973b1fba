import CPUFreq
import Host
import ProbeKit
import SystemIO
import SystemPackage
import TransformerKernels

/// A run's hold on the clock: a lease and the steps to go through, or why there is none.
package struct FrequencySweepPlan {
    package let lease: FrequencyLease
    /// Steps of the whole box.
    package let clocks: [FrequencySetpoint]
    /// Each kind of core by itself; empty where all are alike.
    package let groups: [CoreGroup]
    /// The kinds of core that are not swept by themselves, and why.
    package let omissions: [String]

    package enum Outcome {
        case notAsked
        case possible(FrequencySweepPlan)
        /// The clock cannot be set here.
        case impossible(String)

        /// What was asked for and is not swept, and why.
        package var notSwept: [String] {
            switch self {
            case .notAsked: []
            case .possible(let sweep): sweep.omissions
            case .impossible(let reason): [reason]
            }
        }
    }

    /// Takes the lease, so that what stands in the way is said before minutes are spent on the profile.
    ///
    /// A box whose clock cannot be set is no failure; an impossible choice of steps and a lease of somebody else are.
    package static func prepare(_ choice: FrequencyChoice?, root: SystemRoot) throws -> Outcome {
        guard let choice else { return .notAsked }
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
                return "\(kind)s by themselves: "
                    + (isBarred ? "this process may not run on all of them" : "no two steps of a clock of their own")
            }
            return .possible(
                FrequencySweepPlan(
                    lease: lease, clocks: try choice.steps(of: lease.policies), groups: swept, omissions: omissions))
        } catch {
            throw KerfError(.invalidArgument, "frequencies: \(error)")
        }
    }
}
