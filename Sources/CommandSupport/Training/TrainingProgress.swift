import Quantities
import SplitTraining
import Synchronization
import SystemIO

/// The progress of a training on standard error: a line that redraws itself on a terminal; otherwise a line for each
/// turn and each lost connection.
package final class TrainingProgress: Sendable {
    private let steps: Int
    private let isQuiet: Bool
    private let isTerminal = StandardError.canRedraw
    private let stream: ProgressStream?

    /// - Parameter stream: takes the progress too.
    package init(steps: Int, isQuiet: Bool, stream: ProgressStream? = nil) {
        self.steps = steps
        self.isQuiet = isQuiet
        self.stream = stream
    }

    package func report(_ event: DeviceSession.Event) {
        stream?.show(event, plannedSteps: steps)
        guard !isQuiet else { return }
        switch event {
        case .queued(let position): show("waiting for \(position) other \(position == 1 ? "device" : "devices")")
        case .turnBegan(let turn, let cut): show("turn \(turn), cut \(cut)")
        case .step(let step, let loss, let seconds):
            let text =
                "step \(step)\(total(step)), loss \(NumberText.fixed(loss, digits: 4)), \(NumberText.si(seconds, "s"))"
            if isTerminal { show(text) }
        case .committed(let steps): show("\(steps)\(total(steps)) steps are committed")
        case .reconnecting(let reason): show("connecting again: \(PlainText.shown(reason))")
        }
    }

    /// ` of 100`; nothing beyond the planned steps, where rounds are repeated in a number that is not known.
    private func total(_ steps: Int) -> String { steps > self.steps ? "" : " of \(self.steps)" }

    /// A line that stays.
    package func tell(_ text: String) { if !isQuiet { StandardError.write("kerf: " + text + "\n") } }

    /// Clears the line, so that the next one starts on an empty one.
    package func end() {
        if isTerminal, !isQuiet { StandardError.write("\r\u{1B}[K") }
    }

    private func show(_ text: String) { StandardError.write(isTerminal ? "\r\u{1B}[K" + text : "kerf: " + text + "\n") }
}
