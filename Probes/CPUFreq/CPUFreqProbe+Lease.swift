import ProbeKit
import SystemIO
import SystemPackage

extension CPUFreqProbe {
    /// Why the clock cannot be set, with the remedy; `nil` when it can.
    package func whyNotSettable() -> KerfError? {
        let policies = policies()
        guard !policies.isEmpty else {
            let availability = availability()
            return KerfError(.notFound, availability.reason, remedy: availability.remedy)
        }
        guard let closed = policies.first(where: { !$0.isSettable }) else { return nil }
        return KerfError(
            .permissionDenied, "the clock can be read, not set", at: closed.directory.appending("scaling_max_freq"),
            remedy: "run as root (sudo)")
    }

    /// What a lease that is gone has left; `nil` when there is nothing to give back, or somebody sees to it.
    package func leftover() -> KerfError? {
        guard let found = LeaseRecord.look(root: root), !found.isHeld else { return nil }
        let who = found.holder.map { "process \($0)" } ?? "a process that was killed"
        return KerfError(
            .inUse, "the clock's limits were changed by \(who) and not given back",
            at: root.file(LeaseRecord.place), remedy: .text(restoring))
    }

    /// What gives back the limits that are recorded as changed.
    var restoring: String {
        "give them back: kerf restore-clock" + (root.isLive ? "" : " --root \(root.path)")
    }
}
