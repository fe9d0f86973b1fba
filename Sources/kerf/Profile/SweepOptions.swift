import ArgumentParser
import CPUFreq

/// Which steps of the clock a profile goes through, and for how long.
struct SweepOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Sweep the clock too: all its steps, so many of them, or a list like 800mhz,1.6ghz. The clock's limits are given back however the run ends.",
            valueName: "all|number|list"),
        transform: Self.choice)
    var frequencies: FrequencyChoice?

    @Option(
        help: ArgumentHelp("Time for the sweep, on top of --budget. (default: as --budget)", valueName: "seconds"))
    var sweepBudget: Double?

    func validate() throws {
        guard let sweepBudget else { return }
        guard sweepBudget > 0, sweepBudget <= 7 * 86400 else {
            throw ValidationError("--sweep-budget must be above 0 and at most 604800 seconds, not \(sweepBudget)")
        }
        guard frequencies != nil else { throw ValidationError("--sweep-budget needs --frequencies") }
    }

    @Sendable static func choice(_ text: String) throws -> FrequencyChoice {
        if text == "all" { return .all }
        if let count = Int(text) {
            guard (2...1000).contains(count) else {
                throw ValidationError("a sweep takes 2 to 1000 steps of the clock, not \(count)")
            }
            return .count(count)
        }
        let clocks = try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let hertz = hertz(word.lowercased()) else {
                throw ValidationError(
                    "'\(word)' is no clock; give all, a number of steps, or a list like 800mhz,1.6ghz")
            }
            return hertz
        }
        return .list(clocks)
    }

    private static func hertz(_ text: String) -> Double? {
        for (unit, factor) in [("ghz", 1e9), ("mhz", 1e6), ("khz", 1e3)] where text.hasSuffix(unit) {
            guard let value = Double(text.dropLast(unit.count)), value > 0, value * factor < 1e12 else { return nil }
            return value * factor
        }
        return nil
    }
}
