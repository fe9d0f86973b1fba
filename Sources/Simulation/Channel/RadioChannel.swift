import CARD
import Glibc
import Quantities
import SystemIO

/// A radio cell: devices in a ring around the server, log-distance path loss, block fading, noise.
package struct RadioChannel: Codable, Sendable, Hashable {
    package enum Rate: String, Codable, Sendable, Hashable {
        /// B log2(1 + SNR / gap).
        case shannon
        /// The largest efficiency of the CQI table below Shannon's bound over the gap.
        case cqi
    }
    package enum Fading: String, Codable, Sendable, Hashable {
        case none, rayleigh, rician
    }

    package var rate: Rate
    package var fading: Fading
    /// Power of the direct path over that of the scattered paths, for Rician fading.
    package var ricianFactorDb: Double
    package var carrierHertz: Double
    package var bandwidthHertz: Double
    package var uplinkWatts: Double
    package var downlinkWatts: Double
    package var noiseFigureDb: Double
    /// Path loss in dB: intercept + 10 exponent log10(metres) + 20 log10(GHz).
    package var pathLossInterceptDb: Double
    package var pathLossExponent: Double
    package var minimumMetres: Double
    package var maximumMetres: Double
    /// Distance of real coding from Shannon's bound.
    package var gapDb: Double
    /// Minimum rate of a link.
    package var floorBitsPerSecond: Double
    package var state: ChannelState

    /// The cell of the named channels: the path loss of 3GPP TR 38.901, table 7.4.1-1, UMi street canyon in line of
    /// sight (32.4 + 21 log10 d + 20 log10 f), on 20 MHz at 3.5 GHz. Powers, noise figure, distances, floor and the 3
    /// dB gap are our assumptions.
    package static let cell = RadioChannel(
        rate: .shannon, fading: .rayleigh, ricianFactorDb: 6, carrierHertz: 3.5e9, bandwidthHertz: 20e6,
        uplinkWatts: 0.2, downlinkWatts: 1, noiseFigureDb: 7, pathLossInterceptDb: 32.4, pathLossExponent: 2.1,
        minimumMetres: 10, maximumMetres: 150, gapDb: 3, floorBitsPerSecond: 1e6, state: .normal)

    func check(_ refuse: (String, String) -> KerfError) throws(KerfError) {
        let above: [(String, Double)] = [
            ("carrier_hertz", carrierHertz), ("bandwidth_hertz", bandwidthHertz), ("uplink_watts", uplinkWatts),
            ("downlink_watts", downlinkWatts), ("minimum_metres", minimumMetres), ("maximum_metres", maximumMetres),
            ("floor_bits_per_second", floorBitsPerSecond), ("path_loss_exponent", pathLossExponent),
        ]
        for (field, value) in above where !(value > 0 && value <= 1e15) {
            throw refuse("channel.radio.\(field)", "must be above 0")
        }
        for (field, value) in [
            ("noise_figure_db", noiseFigureDb), ("path_loss_intercept_db", pathLossInterceptDb), ("gap_db", gapDb),
            ("rician_factor_db", ricianFactorDb),
        ] where !(abs(value) <= 300) {
            throw refuse("channel.radio.\(field)", "must be between -300 and 300")
        }
        guard minimumMetres <= maximumMetres else {
            throw refuse("channel.radio.maximum_metres", "must not be below minimum_metres")
        }
    }
}

/// Additional loss of a channel, independent of distance. The steps of 10 dB are our choice.
package enum ChannelState: String, Codable, Sendable, Hashable, CaseIterable {
    case good, normal, poor
    /// One of the three in every fading block, with equal probability.
    case mixed

    /// Power factors that a fading block draws from, with equal probability.
    var gains: [Double] {
        switch self {
        case .good: [1]
        case .normal: [0.1]
        case .poor: [0.01]
        case .mixed: [1, 0.1, 0.01]
        }
    }
}

/// Spectral efficiencies of the 4-bit CQI table up to 64QAM: 3GPP TS 38.214, table 5.2.2.1-2 (the same numbers as
/// TS 36.213, table 7.2.3-1), in bit/s/Hz for CQI 1 to 15.
enum CQITable {
    static let efficiencies = [
        0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766, 1.9141, 2.4063, 2.7305, 3.3223, 3.9023, 4.5234, 5.1152,
        5.5547,
    ]
}

/// The link budget, which does not depend on device or round.
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

extension RadioChannel {
    /// The median link of the cell in a state, over 1001 random places and fading blocks.
    ///
    /// - Throws: ``KerfError``.
    package static func link(state: ChannelState, seed: UInt64 = 1) throws(KerfError) -> Link {
        var channel = cell
        channel.state = state
        let lanes = Lanes(first: 0, count: 1001)
        let kernel = ChannelKernel(.radio(channel), seed: seed)
        kernel.place(lanes)
        kernel.fill(lanes, round: 0)
        func median(_ column: Lanes.Column) -> Double {
            1 / (0..<lanes.count).map { lanes[column][$0] }.sorted()[lanes.count / 2]
        }
        return try Link(
            uplinkBitsPerSecond: median(.up), downlinkBitsPerSecond: median(.down), roundTripSeconds: 0.01,
            origin: .simulated, source: "the median block of a simulated radio cell in state \(state.rawValue)")
    }
}
