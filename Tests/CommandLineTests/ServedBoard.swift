import Foundation
import SystemIO
import SystemPackage
import VirtualBoard

/// A virtual board of a process of its own, which outlives the runs on it.
final class ServedBoard {
    static let policy = "sys/devices/system/cpu/cpufreq/policy0"
    static let untouched: [Int64] = [800_000, 2_600_000]

    let workspace: Workspace
    let root: SystemRoot
    private let board: KerfProcess

    init() throws {
        workspace = try Workspace()
        root = SystemRoot(FilePath(workspace.path("board")))
        board = try KerfProcess(["board", "--root", workspace.path("board"), "--quiet"])
        wait { VirtualBoard.marker(in: root)?.isServed == true }
    }

    deinit {
        board.send(signal: SIGKILL)
        _ = try? board.finish()
    }

    var identifier: Int32 { board.identifier }

    func send(signal: Int32) { board.send(signal: signal) }

    var limits: [Int64] { Self.limits(in: root) }

    /// The lowest and the highest frequency allowed, in kilohertz.
    static func limits(in root: SystemRoot) -> [Int64] {
        ["scaling_min_freq", "scaling_max_freq"].compactMap {
            try? SysfsFile.integer(at: root.file("\(policy)/\($0)"))
        }
    }

    /// Writes files into the board's tree: hardware that it does not serve.
    func plant(_ files: KeyValuePairs<String, String>) throws {
        for (name, text) in files {
            let path = URL(fileURLWithPath: workspace.path("board/\(name)"))
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try workspace.write("board/\(name)", text + "\n")
        }
    }

    /// Starts a long sweep and waits until it has changed the limits.
    ///
    /// - Parameter fault: as ``FaultRun`` takes them; the fault begins with the sweep.
    func startSweep(fault kind: String? = nil, _ path: String = "") throws -> KerfProcess {
        var environment = try FaultRun(kind, path).environment
        environment["KERF_FAULT_SINCE"] = "kerf: sweeping"
        // Swift's backtraces would keep a program alive after a signal sent by another process.
        environment["SWIFT_BACKTRACE"] = "enable=no"
        let run = try KerfProcess(
            [
                "profile", "--model", try workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", "0.2",
                "--sweep-budget", "60", "--frequencies", "all", "--board", workspace.path("board"), "--out",
                workspace.path("profile.json"),
            ], environment: environment)
        wait { limits != Self.untouched }
        return run
    }

    /// Waits until the limits are restored.
    ///
    /// - Returns: whether they are.
    @discardableResult func waitForLimits() -> Bool { wait { limits == Self.untouched } }

    /// Waits for what must come, however slow the machine.
    ///
    /// - Returns: whether it came. A second reading may differ where the condition does not last.
    @discardableResult func wait(_ condition: () -> Bool) -> Bool {
        let deadline = Date().addingTimeInterval(60)
        while !condition() {
            guard Date() < deadline else { return false }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return true
    }
}
