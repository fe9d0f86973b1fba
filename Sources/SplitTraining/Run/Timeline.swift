import CARD
import Instrumentation
import Quantities
import SystemIO

/// What both sides did, moment by moment, on the device's clock: one line for each interval and each transfer, as CSV.
package enum Timeline {
    package static let header = "side,turn,step,what,start_seconds,end_seconds,joules,bytes"

    /// The lines of one turn.
    ///
    /// - Parameter start: of the run; times are counted from it.
    package static func lines(of turn: DeviceSession.Turn, since start: MonotonicInstant) -> [String] {
        func line(
            _ side: String, _ step: Int?, _ what: String, _ from: MonotonicInstant, _ to: MonotonicInstant,
            joules: Double? = nil, bytes: Int? = nil
        ) -> String {
            [
                side, "\(turn.number)", step.map { "\($0 + 1)" } ?? "", what, seconds(from, since: start),
                seconds(to, since: start), joules.map { NumberText.fixed($0, digits: 6) } ?? "",
                bytes.map(String.init) ?? "",
            ].joined(separator: ",")
        }
        let measurement = turn.measurement
        let sides = [("device", measurement.deviceIntervals), ("server", measurement.serverIntervals)]
        let intervals = sides.flatMap { side, intervals in
            intervals.map { line(side, $0.step, $0.activity.rawValue, $0.start, $0.end, joules: $0.joules) }
        }
        let transfers = (measurement.passages(.up) + measurement.passages(.down)).map { passage in
            let transfer = passage.transfer
            return line(
                "link", transfer.step, "\(transfer.direction.rawValue) \(transfer.content.rawValue)", passage.start,
                passage.end, bytes: transfer.bytes)
        }
        return intervals + transfers
    }

    private static func seconds(_ time: MonotonicInstant, since start: MonotonicInstant) -> String {
        NumberText.fixed(time.seconds(since: start), digits: 6)
    }
}
