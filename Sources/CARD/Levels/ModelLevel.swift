/// How much of a calibration a decision uses. Each level includes the one before it.
public enum ModelLevel: String, Codable, Sendable, Hashable, CaseIterable, Comparable {
    /// The paper's form: operations over rated speed, P = ξ f³, identical blocks, backward twice forward.
    case paper = "A"
    /// The measured time (and energy) of every layer and direction.
    case measuredLayers = "B"
    /// Measured T(f) and P(f) at the frequency steps of the hardware.
    case frequencyLaws = "C"
    /// Memory limits of both sides and the privacy floor.
    case memoryLimits = "D"
    /// The link's latency, and overlap of computation and communication.
    case measuredLink = "E"

    public static func < (left: ModelLevel, right: ModelLevel) -> Bool { left.rawValue < right.rawValue }

    /// What the level adds, in a few words.
    package var summary: String {
        switch self {
        case .paper: "paper's form"
        case .measuredLayers: "measured layers"
        case .frequencyLaws: "measured T(f), P(f)"
        case .memoryLimits: "memory, privacy floor"
        case .measuredLink: "link latency, overlap"
        }
    }
}
