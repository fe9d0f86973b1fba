import ArgumentParser
import CPUFreq
import CommandSupport
import SystemIO
import SystemPackage

/// `kerf frequency-watchdog`: the child process that a frequency lease starts.
struct FrequencyWatchdogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: FrequencyWatchdog.command,
        abstract: "Restore the frequency limits when the process that changed them has ended.",
        shouldDisplay: false)

    @Option(help: ArgumentHelp("Directory to use as /.", valueName: "dir"))
    var root = "/"

    func run() throws {
        try ErrorReport.reporting { try FrequencyWatchdog.run(root: SystemRoot(FilePath(root))) }
    }
}
