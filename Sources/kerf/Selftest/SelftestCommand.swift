import ArgumentParser

/// `kerf selftest`: whether Kerf's own parts keep their word. One subcommand a part.
struct SelftestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Test Kerf's estimator in virtual time, on a counter with measured update intervals.",
        discussion: """
            EXAMPLE
              kerf selftest estimator --update-intervals intervals.csv --layer-ms 3
            """,
        subcommands: [EstimatorSelftestCommand.self])
}
