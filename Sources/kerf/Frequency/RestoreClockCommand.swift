import ArgumentParser
import CPUFreq

/// `kerf restore-clock`: for the case in which even the watchdog was killed, or could not give the limits back.
struct RestoreClockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore-clock",
        abstract: "Give back the clock's limits that a killed run left changed.",
        discussion: """
            A frequency sweep writes down what the clock's limits were, and a watchdog gives them back however the run \
            ends. When both were killed or refused, or a virtual box lost its power, `kerf doctor` says so and this \
            command gives them back.

            EXAMPLE
              sudo kerf restore-clock
              kerf restore-clock --root board
            """)

    @Option(help: ArgumentHelp("Directory that stands for /: a virtual board's.", valueName: "dir"))
    var root = "/"

    func run() throws {
        try ErrorReport.reporting {
            let restored = try FrequencyLease.restoreLeftover(root: try .named(root))
            print(restored ? "the clock's limits are as they were" : "nothing to give back")
        }
    }
}
