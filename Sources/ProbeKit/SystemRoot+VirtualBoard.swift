import SystemIO
import SystemPackage

extension SystemRoot {
    /// The file that marks a tree as a virtual board's.
    package var virtualBoardMarker: FilePath { file("kerf/board.json") }

    /// Whether the tree is a virtual board's: everything that is read from it is simulated.
    package var hasVirtualBoard: Bool { !isLive && isRegularFile(virtualBoardMarker) }
}
