public import ProbeKit
import SystemPackage

extension VirtualBoard {
    /// The marker of the virtual board whose tree this is; `nil` for any other box.
    public static func marker(in root: SystemRoot) -> BoardMarker? { BoardMarker.read(in: root) }

    /// Tells the board in a tree whose processor time counts from now on, in place of the process before it.
    ///
    /// - Throws: ``ProbeError`` when the tree is no board's or nobody serves it, so that nothing is measured against
    ///   counters that stand still.
    public static func register(pid: Int32, in root: SystemRoot) throws(ProbeError) {
        guard let marker = marker(in: root) else {
            throw ProbeError(
                .vanished, "is no virtual board's tree", path: root.path, remedy: "start one: kerf board --root DIR")
        }
        guard marker.isServed else {
            throw ProbeError(
                .vanished, "the virtual board is not running", path: root.path,
                remedy: "start it again: kerf board --root \(root.path)")
        }
        try write(pid: pid, in: root)
    }

    static func write(pid: Int32, in root: SystemRoot) throws(ProbeError) {
        _ = try FixedWidthFile(root.file(BoardTree.measuredPIDFile), UInt64(max(0, pid)))
    }

    static func marker(_ settings: BoardSettings, pid: Int32?, root: SystemRoot) -> BoardMarker {
        BoardMarker(
            pid: pid, power: settings.power, minimumHertz: settings.minimumHertz, maximumHertz: settings.maximumHertz,
            root: root)
    }
}
