import ProfileFormat
import Quantities
import SystemIO

/// Something that tells power and keeps no energy: a power sensor, voltage times current, a battery.
package protocol PowerSource: Sendable {
    /// The level of the meter ladder: `hwmon`, `battery`.
    var name: String { get }
    var origin: Origin { get }
    var tree: EnergyDomainTree { get }
    /// Time between two samples that is worth while for this interface.
    var samplingSeconds: Double { get }
    /// How often the interface says that its values are renewed; `nil` where it does not say.
    var statedRefreshSeconds: Double? { get }
    /// How long to wait for the value to change before its own interval counts as not to be found.
    var refreshTimeoutSeconds: Double { get }

    /// Watts of every readable domain now, in the tree's order; `nil` for one that cannot be read and does not count.
    ///
    /// - Throws: the error of a domain that counts towards the total, also when what it says is not the box's power
    ///   (a battery that is being charged).
    func watts() throws(KerfError) -> [Double?]
}
