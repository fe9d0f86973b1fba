import Quantities
import SystemIO
import SystemPackage

extension SystemRoot {
    /// The file that marks a tree as a virtual board's.
    package var virtualBoardMarker: FilePath { file("kerf/board.json") }

    /// Whether the tree is a virtual board's: everything that is read from it is ``Origin/simulated``.
    package var hasVirtualBoard: Bool { !isLive && isRegularFile(virtualBoardMarker) }

    /// Origin of everything that is read below this root.
    package var origin: Origin { hasVirtualBoard ? .simulated : .measured }
}
