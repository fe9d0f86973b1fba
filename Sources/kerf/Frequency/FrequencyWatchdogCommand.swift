import ArgumentParser
import CPUFreq
import SystemIO
import SystemPackage

/// `kerf frequency-watchdog`: what a frequency lease starts beside itself.
struct FrequencyWatchdogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: FrequencyWatchdog.command,
        abstract: "Give back the clock's limits when the process that leased them has ended.",
        shouldDisplay: false)

    @Option(help: ArgumentHelp("Directory that stands for /.", valueName: "dir"))
    var root = "/"

    func run() throws {
        try ErrorReport.reporting { try FrequencyWatchdog.run(root: SystemRoot(FilePath(root))) }
    }
}
