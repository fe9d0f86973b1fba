import CARD
import SystemIO

/// One tensor on its way, with the clock of each side: when its sender began, and when its receiver had all of it.
package struct ObservedTransfer: Sendable, Hashable {
    /// What it carries.
    package enum Content: String, Codable, Sendable, Hashable {
        /// Smashed data and targets.
        case smashedData = "smashed_data"
        case gradient
        /// Adapters of the device's blocks with their moments.
        case adapters
    }

    package var content: Content
    package var direction: LinkDirection
    /// The device's step; nil for adapters.
    package var step: Int?
    package var bytes: Int
    /// By the sender's clock.
    package var sent: MonotonicInstant
    /// By the receiver's clock.
    package var received: MonotonicInstant

    package init(
        _ content: Content, _ direction: LinkDirection, step: Int? = nil, bytes: Int, sent: MonotonicInstant,
        received: MonotonicInstant
    ) {
        self.content = content
        self.direction = direction
        self.step = step
        self.bytes = bytes
        self.sent = sent
        self.received = received
    }
}
