/// One direction of one layer.
public struct LayerPass: Sendable, Hashable, CustomStringConvertible {
    /// 0 is the embedding, 1...L the blocks, L + 1 the head.
    public var layer: Int
    public var direction: Direction

    public init(layer: Int, direction: Direction) {
        self.layer = layer
        self.direction = direction
    }

    public var description: String { "layer \(layer) \(direction.rawValue)" }
}
