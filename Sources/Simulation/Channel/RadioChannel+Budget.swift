import Glibc

/// The link budget: what does not depend on device or round.
struct LinkBudget {
    /// Mean SNR = constant · metres^-exponent.
    var uplinkConstant: Double
    var downlinkConstant: Double
    var gap: Double
    /// Rician K as a ratio; 0 is Rayleigh.
    var ricianFactor: Double

    init(_ channel: RadioChannel) {
        // Thermal noise at 290 K: k T B, k = 1.380649e-23 J/K.
        let noise = 1.380649e-23 * 290 * channel.bandwidthHertz * decibels(channel.noiseFigureDb)
        let loss = decibels(channel.pathLossInterceptDb) * pow(channel.carrierHertz * 1e-9, 2)
        uplinkConstant = channel.uplinkWatts / (noise * loss)
        downlinkConstant = channel.downlinkWatts / (noise * loss)
        gap = decibels(channel.gapDb)
        ricianFactor = channel.fading == .rician ? decibels(channel.ricianFactorDb) : 0
    }
}

func decibels(_ value: Double) -> Double { pow(10, value / 10) }
