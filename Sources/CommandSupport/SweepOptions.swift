import ArgumentParser
import CPUFreq

/// Frequencies that a profile sweeps, and the time for it.
package struct SweepOptions: ParsableArguments {
    package init() {}

    @Option(
        help: ArgumentHelp(
            "Also sweep the CPU frequency: all steps, a number of steps, or a list like 800mhz,1.6ghz. The limits are restored however the run ends.",
            valueName: "all|number|list"),
        transform: Self.choice)
    package var frequencies: FrequencyChoice?

    @Option(
        help: ArgumentHelp("Time for the sweep, in addition to --budget. (default: as --budget)", valueName: "seconds"))
    package var sweepBudget: Double?

    package func validate() throws {
        guard let sweepBudget else { return }
        guard sweepBudget > 0, sweepBudget <= 7 * 86400 else {
            throw ValidationError("--sweep-budget must be above 0 and at most 604800 seconds, not \(sweepBudget)")
        }
        guard frequencies != nil else { throw ValidationError("--sweep-budget needs --frequencies") }
    }

    @Sendable package static func choice(_ text: String) throws -> FrequencyChoice {
        if text == "all" { return .all }
        if let count = Int(text) {
            guard (2...1000).contains(count) else {
                throw ValidationError("a sweep has 2 to 1000 frequency steps, not \(count)")
            }
            return .count(count)
        }
        return .list(try list(text, or: "all, a number of steps, or "))
    }

    /// `800mhz,1.6ghz`, in hertz.
    @Sendable package static func list(_ text: String) throws -> [Double] { try list(text, or: "") }

    private static func list(_ text: String, or others: String) throws -> [Double] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let hertz = hertz(word.lowercased()) else {
                throw ValidationError("'\(word)' is not a frequency; give \(others)a list like 800mhz,1.6ghz")
            }
            return hertz
        }
    }

    private static func hertz(_ text: String) -> Double? {
        for (unit, factor) in [("ghz", 1e9), ("mhz", 1e6), ("khz", 1e3)] where text.hasSuffix(unit) {
            guard let value = Double(text.dropLast(unit.count)), value > 0, value * factor < 1e12 else { return nil }
            return value * factor
        }
        return nil
    }
}
