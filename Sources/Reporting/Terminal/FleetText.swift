import CARD
import CollectedFiles
import ProfileFormat
import Quantities
import SystemIO

extension FleetView {
    /// The view as text: the headline, a table of what the boxes are and one of what was found, and what to do.
    package var report: String {
        var text = simulatedLine + headline + "\n\n" + hostTable.text + "\n" + findingTable.text + "\n"
        text += workloadLines + deciderLine
        return text + problemLines + noteLines
    }

    /// How many boxes there are, and in which state.
    package var headline: String {
        let counts = [
            (FleetBox.State.fine, "fine"), (.problem, "with problems"), (.failed, "failed"),
            (.unreachable, "unreachable"),
        ].compactMap { state, words -> String? in
            let count = boxes.count { $0.state == state }
            return count > 0 ? "\(count) \(words)" : nil
        }
        return "\(boxes.count) \(boxes.count == 1 ? "box" : "boxes"): \(counts.joined(separator: ", "))"
    }

    /// One line on what has to be done, for a script's log; `nil` where nothing has to be.
    package var problemLine: String? {
        guard !isFine else { return nil }
        let named = boxes.filter { $0.state != .fine }.map { name($0) }
        guard !named.isEmpty else { return "the fleet's folder has problems" }
        return "\(named.count) of \(boxes.count) boxes \(named.count == 1 ? "has" : "have") problems: "
            + Self.list(named)
    }

    /// Names of boxes in a line, at most so many.
    private static let maximumNames = 10

    private static func list(_ names: [String]) -> String {
        let more = names.count > maximumNames ? " and \(names.count - maximumNames) more" : ""
        return names.prefix(maximumNames).joined(separator: ", ") + more
    }

    private var simulatedLine: String {
        let named = boxes.filter { $0.meter?.origin == .simulated }.map { name($0) }
        return named.isEmpty ? "" : "SIMULATED: energies of \(Self.list(named)) come from no meter\n"
    }

    // MARK: - Tables

    /// What the boxes are.
    private var hostTable: TextTable {
        var table = TextTable([
            .init("box", .left), .init("state", .left), .init("processor", .left), .init("cores"),
            .init("kernel", .left), .init("energy by", .left),
        ])
        for box in boxes {
            table.append([
                name(box), stateText(box), box.host.map { PlainText.shown($0.cpuModel, limit: 26) } ?? "n/a",
                box.host.map { "\($0.cores)" } ?? "n/a",
                box.host?.kernelRelease.map { PlainText.shown($0, limit: 18) } ?? "n/a",
                box.meter.map(meterText) ?? "n/a",
            ])
        }
        return table
    }

    /// What was measured, and what was decided from it.
    private var findingTable: TextTable {
        var table = TextTable([
            .init("box", .left), .init("work", .left), .init("closure time", unit: "%"), .init("energy", unit: "%"),
            .init("rejected", unit: "%"), .init("age", unit: "days"), .init("same box", .left), .init("cut", .left),
            .init("best with"),
        ])
        for box in boxes {
            table.append([
                name(box), box.workload.map(Self.letter) ?? "n/a", percent(box.closure?.timeRatio),
                percent(box.closure?.grossEnergyRatio),
                box.disturbances.map { NumberText.fixed($0.rejectedShare * 100, digits: 1) } ?? "n/a",
                box.calibration?.ageDays.map { NumberText.fixed($0, digits: abs($0) < 10 ? 1 : 0) } ?? "n/a",
                box.identity.map(identityText) ?? "n/a", cutText(box),
                confidenceText(box.decision),
            ])
        }
        return table
    }

    private func name(_ box: FleetBox) -> String { PlainText.shown(box.name, limit: 16) }

    private func stateText(_ box: FleetBox) -> String {
        switch box.state {
        case .fine: "fine"
        case .problem: "PROBLEM"
        case .failed: "FAILED"
        case .unreachable: "UNREACHABLE"
        }
    }

    private func meterText(_ meter: FleetMeter) -> String {
        guard let name = meter.name, meter.origin != .unavailable else { return "time alone" }
        let shown = PlainText.shown(name, limit: 14)
        return meter.origin == .measured ? shown : "\(shown) [\(meter.origin.rawValue)]"
    }

    private func identityText(_ comparison: BoxComparison) -> String {
        if comparison.changes.isEmpty { return "yes" }
        return comparison.isOtherBox ? "NO" : comparison.isSetOtherwise ? "governor" : "changed"
    }

    private func cutText(_ box: FleetBox) -> String {
        guard let decision = box.decision else { return box.role == .server ? "server" : "n/a" }
        return "\(decision.cut) of \(decision.blockCount)"
    }

    private func confidenceText(_ decision: FleetDecision?) -> String {
        guard let decision else { return "" }
        return decision.stands == false ? "DOES NOT STAND" : decision.probability.map(Decision.probability) ?? "n/a"
    }

    /// A ratio in percent with half its interval's width: `0.1 ± 0.3`.
    private func percent(_ ratio: Quantity?) -> String {
        guard let ratio, let value = ratio.value else { return "n/a" }
        let text = NumberText.fixed(value * 100, digits: 1)
        guard let lower = ratio.lower, let upper = ratio.upper else { return text }
        return "\(text) ± \(NumberText.fixed((upper - lower) * 50, digits: 1))"
    }

    /// A, B, ..., Z, then numbers.
    private static func letter(_ place: Int) -> String {
        place < 26 ? String(UnicodeScalar(UInt8(ascii: "A") + UInt8(place))) : "\(place + 1)"
    }

    // MARK: - Below the tables

    private var workloadLines: String {
        workloads.enumerated().map { place, work in
            "work \(Self.letter(place)): \(PlainText.shown(work.model.name, limit: 60)), batch \(work.workload.batch), "
                + "sequence \(work.workload.sequence), \(work.workload.stepText)\n"
        }.joined()
    }

    private var deciderLine: String {
        guard let decider else { return "" }
        let link = decider.link.map { "; link of boxes that measured none: \($0.line)" } ?? ""
        return
            "cuts decided with \(PlainText.name(decider.server)): CARD level \(decider.level.rawValue), weight of delay "
            + "\(decider.weight), \(decider.steps) steps per round, "
            + "\(decider.energyAccount.rawValue) energy\(link)\n"
    }

    /// Each problem by itself, with its box.
    private var problemLines: String {
        let all =
            boxes.flatMap { box in box.findings.map { (name(box), $0) } } + findings.map { ("the fleet's folder", $0) }
        return all.filter { $0.1.severity == .problem }.map { "problem: \($0): \(sentence($1))\n" }.joined()
    }

    /// Notes and missing values; what several boxes have in common once.
    private var noteLines: String {
        var notes: [(text: String, boxes: [String])] = []
        func add(_ text: String, _ box: String) {
            let place = notes.firstIndex { $0.text == text } ?? notes.count
            if place == notes.count { notes.append((text, [])) }
            notes[place].boxes.append(box)
        }
        for box in boxes {
            for finding in box.findings where finding.severity == .note { add(sentence(finding), name(box)) }
            for text in missingTexts(box) { add(text, name(box)) }
        }
        return notes.map { "note: \(Self.list($0.boxes)): \($0.text)\n" }.joined()
            + findings.filter { $0.severity == .note }.map { "note: \(sentence($0))\n" }.joined()
    }

    /// A sentence for each reason, with the values that are missing for it, unless a finding has it already.
    private func missingTexts(_ box: FleetBox) -> [String] {
        let untold = box.missing.filter { value in
            let isServer = value.value == .decision && box.role == .server
            return !isServer && !box.findings.contains { $0.text.contains(value.reason) }
        }
        let reasons = untold.reduce(into: [String]()) { reasons, value in
            if !reasons.contains(value.reason) { reasons.append(value.reason) }
        }
        return reasons.map { reason in
            let values = untold.filter { $0.reason == reason }.map(\.value.words)
            return "\(values.joined(separator: ", ")) n/a: \(PlainText.shown(reason, limit: 400))"
        }
    }

    private func sentence(_ finding: FleetFinding) -> String {
        let remedy = finding.remedy.map { "; " + PlainText.shown($0, limit: 400) } ?? ""
        return PlainText.shown(finding.text, limit: 1000) + remedy
    }
}

extension MissingValue.Name {
    fileprivate var words: String {
        switch self {
        case .host: "processor"
        case .meter: "meter"
        case .closure: "closure"
        case .disturbances: "rejected share"
        case .workload: "workload"
        case .calibration: "calibration"
        case .identity: "sameness of the box"
        case .decision: "cut"
        }
    }
}
