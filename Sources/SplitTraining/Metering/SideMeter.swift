import Instrumentation
import Quantities
import SystemIO

/// What metered one side of a run.
package struct SideMeter: Codable, Sendable, Hashable {
    /// Such as `powercap`; nil without a meter.
    package var name: String?
    package var origin: Origin
    /// Why there is no energy.
    package var reason: String?
    /// Power of the idle box before the run; nil where it was not measured.
    package var idleWatts: Double?

    package init(_ meter: RunMeter) {
        name = meter.name
        origin = meter.origin
        reason = meter.reason
        idleWatts = meter.idleWatts.value
    }

    /// - Throws: ``KerfError/Code/protocolViolation`` for an unknown origin or an impossible power.
    init(_ message: Kerf_Split_V1_Meter) throws(KerfError) {
        guard let origin = Origin(rawValue: message.origin) else {
            throw KerfError(
                .protocolViolation, "the origin \(PlainText.quoted(message.origin)) of the server's energy is not known"
            )
        }
        guard !message.hasIdleWatts || (0...1e6).contains(message.idleWatts) else {
            throw KerfError(.protocolViolation, "the server's idle power is not possible")
        }
        self.origin = origin
        name = message.name.isEmpty ? nil : PlainText.shown(message.name, limit: 100)
        reason = message.reason.isEmpty ? nil : PlainText.shown(message.reason, limit: 300)
        idleWatts = message.hasIdleWatts ? message.idleWatts : nil
    }
}
