import FoundationEssentials

/// Times as Kerf's files have them: ISO 8601, UTC.
enum Timestamp {
    static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    /// Days from a time to another; negative where the first is later, as with a clock that is wrong. `nil` for a text that
    /// is no time.
    static func days(from text: String, to now: Date) -> Double? {
        guard let then = try? Date(text, strategy: .iso8601) else { return nil }
        return now.timeIntervalSince(then) / 86_400
    }
}
