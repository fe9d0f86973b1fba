/// Current and maximum speed and width of a PCI Express link. `nil` for what the device does not report.
package struct PCILink: Sendable, Codable, Hashable {
    /// Transfers per second and lane, in 10^9: 2.5, 5, 8, 16, 32 or 64. `nil` while the link is down.
    package var currentGigatransfersPerSecond: Double?
    /// The maximum of this end; the other end may support less.
    package var bestGigatransfersPerSecond: Double?
    /// Lanes in use; `nil` while the link is down.
    package var currentWidth: Int?
    package var bestWidth: Int?

    package init(
        currentGigatransfersPerSecond: Double? = nil, bestGigatransfersPerSecond: Double? = nil,
        currentWidth: Int? = nil, bestWidth: Int? = nil
    ) {
        self.currentGigatransfersPerSecond = currentGigatransfersPerSecond
        self.bestGigatransfersPerSecond = bestGigatransfersPerSecond
        self.currentWidth = currentWidth
        self.bestWidth = bestWidth
    }

    /// Whether the link runs slower or narrower than this end can: by power saving while idle, by the slot, or by
    /// bad contact.
    package var isBelowBest: Bool {
        if let now = currentGigatransfersPerSecond, let best = bestGigatransfersPerSecond, now < best { return true }
        if let now = currentWidth, let best = bestWidth, now < best { return true }
        return false
    }

    /// From the registers Link Capabilities and Link Status.
    ///
    /// Source: PCI Express Base Specification, 7.5.3.6 and 7.5.3.8: speed in bits 3:0, width in bits 9:4 of both.
    /// - Returns: `nil` for a device without a width, such as an emulated one, which has no link.
    init?(capabilities: UInt32, status: UInt16) {
        let bestWidth = Int(capabilities >> 4 & 0x3F)
        guard bestWidth > 0 else { return nil }
        let width = Int(status >> 4 & 0x3F)
        self.init(
            currentGigatransfersPerSecond: width > 0 ? Self.speed(UInt8(status & 0xF)) : nil,
            bestGigatransfersPerSecond: Self.speed(UInt8(capabilities & 0xF)),
            currentWidth: width > 0 ? width : nil, bestWidth: bestWidth)
    }

    /// From the kernel's attributes: `8.0 GT/s PCIe` and `16`; `Unknown` and 255 (or 0) for unknown values.
    ///
    /// Source: Documentation/ABI/testing/sysfs-bus-pci, `current_link_speed` and the other three.
    /// - Returns: `nil` when all four are unknown or missing.
    init?(currentSpeed: String?, bestSpeed: String?, currentWidth: String?, bestWidth: String?) {
        let speed = { (text: String?) in
            text.flatMap { $0.split(separator: " ").first }.flatMap { Double($0) }
                .flatMap { Self.speeds.contains($0) ? $0 : nil }
        }
        let width = { (text: String?) in text.flatMap { Int($0) }.flatMap { (1...32).contains($0) ? $0 : nil } }
        self.init(
            currentGigatransfersPerSecond: speed(currentSpeed), bestGigatransfersPerSecond: speed(bestSpeed),
            currentWidth: width(currentWidth), bestWidth: width(bestWidth))
        if self == PCILink() { return nil }
    }

    private static let speeds = [2.5, 5, 8, 16, 32, 64]

    private static func speed(_ code: UInt8) -> Double? {
        (1...speeds.count).contains(Int(code)) ? speeds[Int(code) - 1] : nil
    }
}
