/// A pass through a layer.
public enum Direction: String, Sendable, Codable, Hashable, CaseIterable {
    case forward, backward
}
