import Instrumentation
import Quantities
import SwiftProtobuf
import SystemIO

extension MonotonicInstant {
    /// 36 years. Sums and differences of a few times up to here do not overflow.
    static let latest = MonotonicInstant(nanoseconds: 1 << 60)

    var message: UInt64 { UInt64(clamping: nanoseconds) }

    /// - Parameter message: nanoseconds, whatever the other side wrote.
    init(_ message: UInt64) { self = min(MonotonicInstant(nanoseconds: Int64(clamping: message)), Self.latest) }
}

extension RunMeter {
    var message: Kerf_Split_V1_Meter {
        .with {
            $0.name = name ?? ""
            $0.origin = origin.rawValue
            $0.reason = reason ?? ""
            if let watts = idleWatts.value { $0.idleWatts = watts }
        }
    }
}
