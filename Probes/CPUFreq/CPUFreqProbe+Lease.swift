public import ProbeKit
import SystemPackage

extension CPUFreqProbe {
    /// Why the clock cannot be set, with the remedy; `nil` when it can.
    public func whyNotSettable() -> ProbeError? {
        let policies = policies()
        guard !policies.isEmpty else {
            let availability = availability()
            return ProbeError(.vanished, availability.reason, remedy: availability.remedy)
        }
        guard let closed = policies.first(where: { !$0.isSettable }) else { return nil }
        return ProbeError(
            .forbidden, "the clock can be read, not set", path: closed.directory.appending("scaling_max_freq"),
            remedy: "run as root (sudo)")
    }

    /// What a lease that is gone has left; `nil` when there is nothing to give back, or somebody sees to it.
    public func leftover() -> ProbeError? {
        guard let found = LeaseRecord.look(root: root), !found.isHeld else { return nil }
        let who = found.holder.map { "process \($0)" } ?? "a process that was killed"
        return ProbeError(
            .occupied, "the clock's limits were changed by \(who) and not given back",
            path: root.file(LeaseRecord.place), remedy: restoring)
    }

    /// What gives back the limits that are recorded as changed.
    var restoring: String {
        "give them back: kerf restore-clock" + (root.isLive ? "" : " --root \(root.path)")
    }
}
