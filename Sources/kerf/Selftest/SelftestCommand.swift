import ArgumentParser

/// `kerf selftest`: tests of Kerf's own parts, one subcommand each.
struct SelftestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Test Kerf's energy estimator against a known ground truth, in virtual time.",
        discussion: """
            EXAMPLE
              kerf selftest estimator --update-intervals intervals.csv --layer-ms 3
            """,
        subcommands: [EstimatorSelftestCommand.self])
}
