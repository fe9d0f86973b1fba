import ArgumentParser

/// How long a profile is taken, how narrow its intervals are to be, and in which order.
package struct ProfilingOptions: ParsableArguments {
    package init() {}

    @Option(help: ArgumentHelp("Time for the run, warm-up included.", valueName: "seconds"))
    package var budget = 60.0

    @Option(help: ArgumentHelp("Half width of the 95 % interval that is narrow enough.", valueName: "percent"))
    package var targetCi = 2.0

    @Option(help: ArgumentHelp("Seed of the order, and of Kerf's own tokens and random weights.", valueName: "number"))
    package var seed = 1

    package func validate() throws {
        guard budget > 0, budget.isFinite, budget <= 7 * 86400 else {
            throw ValidationError("--budget must be above 0 and at most 604800 seconds, not \(budget)")
        }
        guard targetCi > 0, targetCi <= 100 else {
            throw ValidationError("--target-ci must be above 0 and at most 100 percent, not \(targetCi)")
        }
        guard seed >= 0 else { throw ValidationError("--seed must not be negative") }
    }
}
