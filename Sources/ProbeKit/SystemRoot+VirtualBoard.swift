import Quantities
import SystemIO
import SystemPackage

extension SystemRoot {
    /// The file by which a tree says that a virtual board serves it, or once did.
    package var virtualBoardMarker: FilePath { file("kerf/board.json") }

    /// Whether the tree belongs to a virtual board: whatever is read from it is ``Origin/simulated``.
    package var hasVirtualBoard: Bool { !isLive && isRegularFile(virtualBoardMarker) }

    /// Of whatever is read below this root.
    package var origin: Origin { hasVirtualBoard ? .simulated : .measured }
}
