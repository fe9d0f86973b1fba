import ProbeKit
import SystemIO

/// Why no backend is available: the reason of each that was tried, in the words of the doctor.
///
/// The reason of the meter that the user would want comes first: of hardware that is there and fails before of hardware that
/// is missing, and then of the more accurate backend. powercap comes before perf, which reads the same counters, since its
/// remedy needs no setting of the kernel.
package struct MeterReasons {
    private var reasons: [(backend: MeterBackend, error: KerfError)] = []

    package init() {}

    package mutating func add(_ backend: MeterBackend, _ error: KerfError) { reasons.append((backend, error)) }

    /// The first reason with its code, the others after it, and the remedies of those that are there.
    package var error: KerfError {
        let sorted = reasons.sorted { Self.rank($0) < Self.rank($1) }
        guard let first = sorted.first else { return KerfError(.notFound, "no energy meter") }
        let texts = sorted.map { Availability($0.error).text(of: $0.backend.rawValue) }
        let remedies = sorted.filter { $0.backend == first.backend || !Self.isAbsent($0) }.compactMap { reason in
            reason.error.remedy.map { sorted.count > 1 ? Remedy.of("for \(reason.backend.rawValue)", $0) : $0 }
        }
        return KerfError(
            first.error.code, texts.joined(separator: "; "), cause: first.error.cause,
            remedy: remedies.count > 1 ? .all(remedies) : remedies.first)
    }

    /// The first reason alone, as the doctor's last line gives it.
    package var first: String? {
        reasons.min { Self.rank($0) < Self.rank($1) }.map { Availability($0.error).text(of: $0.backend.rawValue) }
    }

    private static func isAbsent(_ reason: (backend: MeterBackend, error: KerfError)) -> Bool {
        Availability.Status(reason.error.code) == .absent
    }

    private static func rank(_ reason: (backend: MeterBackend, error: KerfError)) -> Int {
        let order: [MeterBackend] = [.powercap, .perf, .hwmon, .battery]
        return (isAbsent(reason) ? order.count : 0) + (order.firstIndex(of: reason.backend) ?? 0)
    }
}
