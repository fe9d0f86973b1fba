import Statistics

/// What a planted pair of boxes is like, so that a test of probabilities does not rest on one kind.
enum SyntheticKind: CaseIterable {
    /// Blocks of one shape that really are alike: all that differs is noise.
    case identical
    /// Blocks that differ by up to a tenth.
    case unlike
    /// A head worth several blocks.
    case heavyHead
    /// Two sides as quick as each other: every cut costs almost the same.
    case nearTie
    /// One side much the quicker.
    case clearWinner

    /// A block's share of what the mean block takes: at the most this much more or less.
    var spread: Double {
        switch self {
        case .identical: 0
        case .unlike: 0.1
        case .heavyHead, .nearTie, .clearWinner: 0.03
        }
    }

    /// The device's time of a block over the server's.
    func ratio(_ generator: inout SeededGenerator) -> Double {
        let draw = generator.uniform()
        return switch self {
        case .identical, .unlike, .heavyHead: 0.9 + 0.2 * draw
        case .nearTie: 0.98 + 0.04 * draw
        case .clearWinner: draw < 0.5 ? 0.5 + 0.5 * draw : 1.2 + draw
        }
    }

    /// The head's time in blocks: on the device, on the server.
    func head(_ generator: inout SeededGenerator) -> (device: Double, server: Double) {
        let draw = 0.9 + 0.2 * generator.uniform()
        return self == .heavyHead ? (3 * draw, 2.5) : (draw, 1)
    }
}
