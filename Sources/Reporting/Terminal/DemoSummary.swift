import CARD
import Calibration
import ProfileFormat
import Quantities
import SystemIO
import Validation

/// What `kerf demo` shows: the decision, how far the measurements behind it can be trusted, what it was worth, and where
/// the files are.
///
/// Fits one screen: at most ``maximumLines`` lines of ``maximumColumns`` columns.
package struct DemoSummary {
    package static let maximumColumns = 100
    package static let maximumLines = 24

    /// The profile and calibration of one side of the split.
    package struct Side {
        package var profile: Profile
        package var calibration: Calibration
        /// Disturbances that could not be monitored during the run.
        package var unmonitored: [String]

        package init(profile: Profile, calibration: Calibration, unmonitored: [String]) {
            self.profile = profile
            self.calibration = calibration
            self.unmonitored = unmonitored
        }
    }

    private let device: Side
    private let server: Side
    private let decision: Decision
    private let validation: ValidationReport
    private let meter: String
    private let folder: String

    /// - Parameters:
    ///   - meter: this box's energy meter, or why it has none, as the doctor reports it.
    ///   - folder: where the files are.
    package init(
        device: Side, server: Side, decision: Decision, validation: ValidationReport, meter: String, folder: String
    ) {
        self.device = device
        self.server = server
        self.decision = decision
        self.validation = validation
        self.meter = meter
        self.folder = folder
    }

    package var text: String { lines.map { $0 + "\n" }.joined() }

    package var lines: [String] {
        var lines = wrapped(decision.headline, limit: 3)
        lines += sentences(decision.choiceLine, limit: 2) + sentences(decision.confidenceLines, limit: 2)
        lines += wrapped("trained: " + validation.headline, limit: 3)
        lines += [""] + table.lines
        lines += wrapped("this box's meter: \(PlainText.shown(meter))", limit: 1)
        lines += wrapped(notMonitored, limit: 1)
        return lines
            + [""]
            + wrapped("files in \(PlainText.shown(folder)): report.html, and a .json and .txt of each of", limit: 1)
            + ["  doctor, {device,server}-profile, {device,server}-calibration, decision, validation"]
    }

    // MARK: - Measurements

    private var table: TextTable {
        var table = TextTable([.init("measured", .left), heading("device", device), heading("server", server)])
        func append(_ name: String, _ cell: (Side) -> String) {
            table.append([name] + [device, server].map { PlainText.shown(cell($0), limit: 37) })
        }
        append("processor") { $0.calibration.box.cpuModel }
        append("step time") { value($0.calibration.step.timeSeconds, "s") }
        append("step energy, gross") { value($0.calibration.step.grossEnergyJoules, "J") }
        append("closure, time") { verdict($0.calibration.closure.timeRatio, limit: Calibration.maximumTimeHalfWidth) }
        append("closure, energy") {
            verdict($0.calibration.closure.grossEnergyRatio, limit: Calibration.maximumEnergyHalfWidth)
        }
        append("overhead, time") { $0.profile.checks.map { NumberText.percent($0.overheadTimeRatio) } ?? "n/a" }
        append("windows rejected") { rejected($0.profile.rejections) }
        return table
    }

    private func heading(_ role: String, _ side: Side) -> TextTable.Column {
        let threads = side.calibration.workload.threads
        return TextTable.Column("\(role), \(threads == 1 ? "1 thread" : "\(threads) threads")", .left)
    }

    private func value(_ quantity: Quantity, _ unit: String) -> String {
        "\(NumberText.si(quantity, unit)) [\(quantity.origin.rawValue)]"
    }

    /// - Parameter limit: half width of the interval beyond which the closure does not show anything.
    private func verdict(_ ratio: Quantity, limit: Double) -> String {
        guard let value = ratio.value else { return "n/a [\(ratio.origin.rawValue)]" }
        let halfWidth = max((ratio.upper ?? value) - value, value - (ratio.lower ?? value))
        let word = Closure.fails(ratio) ? "FAILS" : halfWidth > limit ? "too wide" : "ok"
        return "\(NumberText.percent(ratio)) \(word)"
    }

    private func rejected(_ rejections: [Rejection]) -> String {
        let count = rejections.reduce(0) { $0 + $1.count }
        guard let most = rejections.max(by: { $0.count < $1.count }) else { return "none" }
        return rejections.count == 1 ? "\(count): \(most.reason)" : "\(count), most by \(most.reason)"
    }

    private var notMonitored: String {
        let names = device.unmonitored + server.unmonitored.filter { !device.unmonitored.contains($0) }
        return "not monitored: \(names.isEmpty ? "nothing" : PlainText.shown(names.joined(separator: "; ")))"
    }

    // MARK: - Lines

    /// Each line of a text, wrapped; `limit` lines in all.
    private func sentences(_ text: String, limit: Int) -> [String] {
        limited(text.split(separator: "\n").flatMap { wrapped(String($0), limit: limit) }, limit)
    }

    /// The text broken at blanks into lines that fit, the later ones indented; the end is cut off beyond `limit` lines.
    private func wrapped(_ text: String, limit: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= Self.maximumColumns {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append("  " + word)
            }
        }
        lines = lines.map { line in
            // The mark of what was cut off takes a column.
            line.count > Self.maximumColumns ? PlainText.shown(line, limit: Self.maximumColumns - 1) : line
        }
        return limited(lines, limit)
    }

    /// The first `limit` lines; the last of them is marked where any are left out.
    private func limited(_ lines: [String], _ limit: Int) -> [String] {
        guard lines.count > limit else { return lines }
        let cut = lines[limit - 1].prefix(Self.maximumColumns - 2)
        return lines.prefix(limit - 1) + [cut.hasSuffix("…") ? String(cut) : cut + " …"]
    }
}
