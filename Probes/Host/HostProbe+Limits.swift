import Glibc
import ProbeKit
import SystemIO

extension HostProbe {
    /// What control groups and CPU affinity leave this process of the box. A limit that does not bind, since the box has
    /// no more than it allows, is `nil`.
    package func limits(of identity: HostIdentity) -> ResourceLimits {
        var limits = ResourceLimits(root: root)
        if let total = identity.memoryBytes, let limit = limits.memoryLimitBytes, limit >= total {
            limits.memoryLimitBytes = nil
        }
        let threads = identity.topology.threads
        if let quota = limits.quotaCPUs, quota >= Double(threads) { limits.quotaCPUs = nil }
        if let allowed = limits.allowedCPUs, allowed.count >= threads || isReplay(of: identity) {
            limits.allowedCPUs = nil
        }
        return limits
    }

    /// Whether the files are those of another box, shown in place of this one's. The affinity is that of this process, on
    /// the box that it runs on, and says nothing about the other one.
    private func isReplay(of identity: HostIdentity) -> Bool {
        guard root.isLive, let shown = identity.kernelRelease else { return false }
        var name = utsname()
        guard uname(&name) == 0 else { return false }
        let running = withUnsafeBytes(of: &name.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return running != shown
    }
}
