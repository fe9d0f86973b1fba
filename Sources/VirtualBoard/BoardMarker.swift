import FoundationEssentials
import ProbeKit
import Quantities
import SystemIO

/// The description of a virtual board in `kerf/board.json`: it marks the tree as simulated and states the ground truth.
///
/// The file stays when the board stops, so that its tree is never mistaken for a real box's; only the process number is
/// removed.
package struct BoardMarker: Sendable, Hashable {
    /// The process that serves the board; `nil` after it stopped. A killed process leaves its number.
    package var pid: Int32?
    package var power: BoardPower
    package var minimumHertz: Double
    package var maximumHertz: Double
    /// The tree that contains the marker.
    package let root: SystemRoot

    /// Whether a process serves the tree now. Without one the counters do not change.
    package var isServed: Bool { pid != nil && BoardLock.isHeld(root) }

    /// One line for tables and the box's identity. Files contain it, and profiles of one box must agree in it, so its text
    /// does not change.
    package var summary: String {
        let limits = [minimumHertz, maximumHertz].map { "\(($0 / 1e7).rounded() / 100)" }.joined(separator: " to ")
        let busy = power.totalJoules(seconds: 0, cpuSeconds: 1, frequencyHertz: maximumHertz)
        let idle = power.totalJoules(seconds: 1, cpuSeconds: 0, frequencyHertz: maximumHertz)
        func short(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
        return "virtual board, \(limits) GHz, \(short(idle)) W idle + \(short(busy)) J/CPU-s at the highest frequency"
    }

    /// The marker in a tree; `nil` where there is none or it is malformed.
    static func read(in root: SystemRoot) -> BoardMarker? {
        guard root.hasVirtualBoard,
            let text = try? SysfsFile.wholeText(at: root.virtualBoardMarker, limit: 1 << 16),
            JSONOutline(Array(text.utf8)).repeatedKey == nil,
            let file = try? JSONDecoder().decode(File.self, from: Data(text.utf8)),
            file.schema == File.schema, file.schemaVersion == File.schemaVersion
        else { return nil }
        return BoardMarker(
            pid: file.pid, power: file.power, minimumHertz: file.minimumHertz, maximumHertz: file.maximumHertz,
            root: root)
    }

    func write() throws(KerfError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let file = File(pid: pid, power: power, minimumHertz: minimumHertz, maximumHertz: maximumHertz)
        let bytes: Data
        do {
            bytes = try encoder.encode(file)
        } catch {
            throw KerfError(.ioError, "cannot be encoded: \(error)", at: root.virtualBoardMarker)
        }
        try BoardFiles.replace(root.virtualBoardMarker, Array(bytes) + [UInt8(ascii: "\n")])
    }

    /// The fields of the file.
    private struct File: Codable {
        static let schema = "kerf.board"
        static let schemaVersion = 1
        var schema = File.schema
        var schemaVersion = File.schemaVersion
        var origin = Origin.simulated
        var pid: Int32?
        var power: BoardPower
        var minimumHertz: Double
        var maximumHertz: Double

        enum CodingKeys: String, CodingKey {
            case schema
            case schemaVersion = "schema_version"
            case origin, pid, power
            case minimumHertz = "minimum_hertz"
            case maximumHertz = "maximum_hertz"
        }
    }
}
