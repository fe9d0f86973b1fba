import ArgumentParser
import CommandSupport
import Glibc
import ProbeKit
import SystemIO
import SystemPackage
import VirtualBoard

/// `kerf board`: a simulated box.
struct BoardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "board",
        abstract: "Serve a virtual board: a simulated energy meter whose true power is known.",
        discussion: """
            Writes powercap, cpufreq and hwmon files below --root and updates them about every millisecond. Energy \
            follows a stated function of the measured process's CPU time and of the frequency set in the tree; the \
            function is written to kerf/board.json there. `kerf profile --board DIR` registers itself as the measured \
            process; a board measures one process at a time. Everything measured on a virtual board is labeled \
            simulated.

            Below the highest frequency the board slows that process down in proportion: it stops its threads for a \
            share of the time, by ptrace, and counts that share as busy. A process that sleeps is left alone, and the \
            board's end, however it comes, leaves nothing slowed down. Where tracing is forbidden the frequency cannot \
            be set.

            EXAMPLE
              kerf board --root board &
              kerf doctor --root board
              kerf profile --model smollm2-135m --board board --out profile.json
            """)

    @Option(help: ArgumentHelp("Directory to serve; created if it does not exist.", valueName: "dir"))
    var root: String

    @Option(help: ArgumentHelp("Process whose CPU time consumes energy.", valueName: "number"))
    var pid: Int32?

    @Flag(help: "Print the board's description, kerf/board.json, as JSON.")
    var json = false

    @Flag(help: "Print nothing.")
    var quiet = false

    @Flag(help: ArgumentHelp("End when the parent process ends.", visibility: .hidden))
    var exitWithParent = false

    func validate() throws {
        guard !root.isEmpty else { throw ValidationError("--root is empty; name a directory") }
    }

    func run() throws {
        try ErrorReport.reporting {
            let parent = ParentProcess()
            Interruption.watch()
            if exitWithParent { VirtualBoard.raisePriority() }
            // Checked first, so that no tree is created and announced that would then not be served.
            if let pid { try VirtualBoard.requireProcess(pid, in: SystemRoot(FilePath(root))) }
            let board = try VirtualBoard(root: FilePath(root))
            if !quiet { try announce(board) }
            try board.serve(measuring: pid) { Interruption.isRequested || (exitWithParent && parent.hasGone) }
        }
    }

    private func announce(_ board: VirtualBoard) throws {
        if json {
            print(try SysfsFile.wholeText(at: board.root.virtualBoardMarker), terminator: "")
        } else {
            print("virtual board at \(root), simulated; its power function: \(root)/kerf/board.json")
            print("stop it with Ctrl-C; measure with: kerf profile --model smollm2-135m --board \(root) --out p.json")
        }
        // Serving lasts until a signal; a reader behind a pipe needs the lines now.
        fflush(nil)
    }
}
