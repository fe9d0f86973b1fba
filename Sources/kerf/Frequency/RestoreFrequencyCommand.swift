import ArgumentParser
import CPUFreq
import CommandSupport

/// `kerf restore-frequency`: for the case that the watchdog was killed too, or could not restore the limits.
struct RestoreFrequencyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore-frequency",
        abstract: "Restore the frequency limits that a killed run left changed.",
        discussion: """
            A frequency sweep records the CPU frequency limits that it found, and a watchdog restores them however the \
            run ends. If both were killed, or the kernel refused, `kerf doctor` reports it and this command restores \
            the limits.

            EXAMPLE
              sudo kerf restore-frequency
              kerf restore-frequency --root board
            """)

    @Option(help: ArgumentHelp("Directory to use as /: a virtual board's.", valueName: "dir"))
    var root = "/"

    func run() throws {
        try ErrorReport.reporting {
            let restored = try FrequencyLease.restoreLeftover(root: try .named(root))
            print(restored ? "frequency limits restored" : "nothing to restore")
        }
    }
}
