import Profiling

/// Progress on standard error: a line that redraws itself on a terminal, a line of its own every 10 s otherwise.
package final class ProgressLine {
    private let isRedrawn = StandardError.canRedraw
    private let isQuiet: Bool
    private var lastShownSeconds = -1.0
    private var lastActivity = ""
    private var hasDrawn = false

    package init(quiet: Bool) { isQuiet = quiet }

    package func show(_ progress: Progress) {
        let interval = isRedrawn ? 0.2 : 10.0
        let isDue =
            lastShownSeconds < 0 || lastActivity == "roofline" && progress.activity != lastActivity
            || progress.elapsedSeconds - lastShownSeconds >= interval
        guard !isQuiet, isDue else { return }
        lastActivity = progress.activity
        lastShownSeconds = progress.elapsedSeconds
        let text = ProgressText(progress)
        StandardError.write(
            // The last column stays free: a character there may begin the next line.
            isRedrawn
                ? "\r\u{1B}[K" + text.fitting(columns: StandardError.columns - 1) : "kerf: " + text.whole + "\n")
        hasDrawn = true
    }

    /// Clears the line, so that the next one starts on an empty one.
    package func finish() {
        if isRedrawn && hasDrawn { StandardError.write("\r\u{1B}[K") }
    }
}
