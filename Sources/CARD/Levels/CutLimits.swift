import SystemIO

/// What a decision may not do.
public struct CutLimits: Codable, Sendable, Hashable {
    /// Memory that the device has for its layers; `nil` without limit.
    public var deviceMemoryBytes: Double?
    /// Memory that the server has for its layers; `nil` without limit.
    public var serverMemoryBytes: Double?
    /// c_min, the privacy floor: blocks that must stay on the device, so that the server never sees the activations
    /// of an earlier one, from which inputs are more easily told.
    public var minimumCut: Int

    public init(deviceMemoryBytes: Double? = nil, serverMemoryBytes: Double? = nil, minimumCut: Int = 0) {
        self.deviceMemoryBytes = deviceMemoryBytes
        self.serverMemoryBytes = serverMemoryBytes
        self.minimumCut = minimumCut
    }

    /// Whether anything is limited.
    public var isFree: Bool { self == CutLimits() }

    /// - Throws: ``KerfError/Code/invalidArgument``.
    func check(blockCount: Int) throws(KerfError) {
        for (name, bytes) in [("device", deviceMemoryBytes), ("server", serverMemoryBytes)] {
            guard let bytes else { continue }
            guard bytes > 0, bytes <= 1e18 else {
                throw KerfError(.invalidArgument, "the \(name)'s memory must be more than 0 and at most 1e18 bytes")
            }
        }
        guard (0...blockCount).contains(minimumCut) else {
            throw KerfError(
                .invalidArgument, "the privacy floor must be between 0 and \(blockCount), the model's blocks")
        }
    }
}
