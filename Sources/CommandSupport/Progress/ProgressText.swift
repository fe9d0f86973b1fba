import ProfileFormat
import Profiling
import Quantities
import SystemIO

/// Progress as one line of text.
struct ProgressText {
    /// A part of the line. Where not all fit, those of the lowest rank stay.
    private struct Part {
        var rank: Int
        var text: String
        /// What takes its place in a narrow terminal.
        var short: String

        init(_ rank: Int, _ text: String, short: String? = nil) {
            (self.rank, self.text, self.short) = (rank, text, short ?? text)
        }

        /// What the long text takes more.
        var growth: Int { PlainText.width(of: text) - PlainText.width(of: short) }
    }

    /// In the order in which they are shown.
    private let parts: [Part]
    private let bar: String

    init(_ progress: Progress) {
        var parts = [Part(0, progress.activity), Part(4, "\(progress.steps) steps")]
        if progress.energyWindows > 0 { parts.append(Part(6, "\(progress.energyWindows) energy windows")) }
        for (place, interval) in progress.intervals.enumerated() {
            let width = NumberText.percent(interval.relativeHalfWidth)
            let what = "±\(width) \(interval.value.rawValue) of \(interval.pass)"
            parts.append(place == 0 ? Part(2, "widest interval " + what, short: what) : Part(6 + place, what))
        }
        if let (text, cause) = progress.disturbances?.disturbed {
            parts.append(Part(3, "\(text): \(cause)", short: text))
        }
        if progress.meter?.state == .failed {
            parts.append(Part(3, "the energy meter failed", short: "meter failed"))
        }
        let remaining = Int(progress.remainingSeconds.rounded(.up))
        parts.append(
            remaining > 0
                ? Part(1, "at most \(remaining) s left", short: "≤ \(remaining) s left")
                : Part(1, "past the budget: a minimum of samples is taken", short: "past the budget"))
        self.parts = parts
        let filled = Int(progress.fraction * Double(Self.barColumns))
        bar =
            "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: Self.barColumns - filled) + "] "
    }

    private static let barColumns = 24
    /// Parts beyond it are shown beside the bar only.
    private static let barRank = 5

    /// All parts, for a log.
    var whole: String { parts.map(\.text).joined(separator: ", ") }

    /// The parts that fit, and a bar where there is room; never wider than that.
    func fitting(columns: Int) -> String {
        // Parts of equal rank in their order.
        let places = parts.indices.sorted { (parts[$0].rank, $0) < (parts[$1].rank, $1) }
        var shown: [Int: String] = [:]
        var room = columns
        func add(_ part: Int) -> Bool {
            let width = PlainText.width(of: parts[part].short) + (shown.isEmpty ? 0 : 2)
            guard width <= room else { return false }
            shown[part] = parts[part].short
            room -= width
            return true
        }
        // What matters more is not left out for what matters less.
        let fits = places.filter { parts[$0].rank < Self.barRank }.allSatisfy(add)
        guard !shown.isEmpty else { return Self.cut(parts[0].text, to: columns) }
        // The last of them, what disturbs, tells most by its long text.
        for part in places.reversed() where shown[part] != nil && parts[part].growth <= room {
            shown[part] = parts[part].text
            room -= parts[part].growth
        }
        let hasBar = fits && PlainText.width(of: bar) <= room
        if hasBar {
            room -= PlainText.width(of: bar)
            _ = places.filter { parts[$0].rank > Self.barRank }.allSatisfy(add)
        }
        return (hasBar ? bar : "") + parts.indices.compactMap { shown[$0] }.joined(separator: ", ")
    }

    private static func cut(_ text: String, to columns: Int) -> String {
        var (kept, width) = ("", 0)
        for character in text {
            width += PlainText.width(of: String(character))
            guard width < columns else { break }
            kept.append(character)
        }
        return columns > 0 ? kept + "…" : ""
    }
}

extension Disturbances {
    /// `disturbed 12 %` and `python3 train.py`, or the cause where no process is known; `nil` for less than half a percent
    /// of the time.
    fileprivate var disturbed: (text: String, cause: String)? {
        let share = measuredSeconds > 0 ? causes.reduce(0) { $0 + $1.seconds } / measuredSeconds : 0
        guard share >= 0.005, let cause = mainCause else { return nil }
        let process = cause.isContention ? processes?.first.map { PlainText.shown($0.command, limit: 30) } : nil
        return ("disturbed \(NumberText.percent(min(share, 1), digits: 0))", process ?? cause.rawValue)
    }
}
