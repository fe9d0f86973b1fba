import Profiling

/// Progress on standard error: a bar that redraws itself on a terminal, a plain line every 10 s otherwise.
package final class ProgressLine {
    private let isTerminal = StandardError.isTerminal
    private let isQuiet: Bool
    private var lastShownSeconds = -1.0
    private var lastActivity = ""
    private var hasDrawn = false

    package init(quiet: Bool) { isQuiet = quiet }

    package func show(_ progress: Progress) {
        let interval = isTerminal ? 0.2 : 10.0
        let isDue =
            lastShownSeconds < 0 || lastActivity == "roofline" && progress.activity != lastActivity
            || progress.elapsedSeconds - lastShownSeconds >= interval
        guard !isQuiet, isDue else { return }
        lastActivity = progress.activity
        lastShownSeconds = progress.elapsedSeconds
        var line = isTerminal ? bar(progress.fraction) + " " : "kerf: "
        line += "\(progress.activity), \(progress.steps) steps"
        if progress.energyWindows > 0 { line += ", \(progress.energyWindows) energy windows" }
        if let width = progress.maximumRelativeHalfWidth { line += ", widest interval ±\(percent(width))" }
        let remaining = Int(progress.remainingSeconds.rounded(.up))
        line += remaining > 0 ? ", at most \(remaining) s left" : ", past the budget: a minimum of samples is taken"
        StandardError.write(isTerminal ? "\r\u{1B}[K" + line : line + "\n")
        hasDrawn = true
    }

    /// Clears the bar, so that the next line starts on an empty one.
    package func finish() {
        if isTerminal && hasDrawn { StandardError.write("\r\u{1B}[K") }
    }

    private func bar(_ fraction: Double) -> String {
        let width = 24
        let filled = Int(fraction * Double(width))
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
    }

    private func percent(_ ratio: Double) -> String {
        let tenths = Int((ratio * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }
}
