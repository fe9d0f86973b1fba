import SystemIO

extension VirtualBoard {
    /// The marker of the virtual board whose tree this is; `nil` for any other box.
    package static func marker(in root: SystemRoot) -> BoardMarker? { BoardMarker.read(in: root) }

    static func marker(_ settings: BoardSettings, pid: Int32?, root: SystemRoot) -> BoardMarker {
        BoardMarker(
            pid: pid, power: settings.power, minimumHertz: settings.minimumHertz, maximumHertz: settings.maximumHertz,
            root: root)
    }
}
