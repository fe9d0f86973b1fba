/// How a simulated device and server decide.
package enum Policy: String, Codable, Sendable, Hashable, CaseIterable {
    /// The weighted optimum of cut and clock.
    case card
    /// Everything on the server, at its highest clock.
    case serverOnly = "server_only"
    /// Everything on the device.
    case deviceOnly = "device_only"
    /// Half of the blocks on each side, at the highest clock.
    case middleCut = "middle_cut"
    /// A cut drawn anew each round, all alike likely, at the highest clock.
    case randomCut = "random_cut"
    /// CARD with all weight on delay.
    case delayOptimum = "delay_optimum"
    /// CARD with all weight on energy.
    case energyOptimum = "energy_optimum"
}
