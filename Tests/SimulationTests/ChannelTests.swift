import CFleet
import Foundation
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Testing

@testable import Simulation

/// Channels against their formulas written down anew, and against what is known of their distributions.
@Suite("Channels")
struct ChannelTests {
    private func lanes(_ channel: RadioChannel, round: Int = 0, seed: UInt64 = 1) -> Lanes {
        let lanes = Lanes(first: 0, count: 1000)
        let kernel = ChannelKernel(.radio(channel), seed: seed)
        kernel.place(lanes)
        kernel.fill(lanes, round: round)
        return lanes
    }

    @Test("without fading the rate is Shannon's at the path loss of the distance")
    func shannon() {
        var channel = RadioChannel.cell
        (channel.fading, channel.minimumMetres, channel.maximumMetres) = (.none, 100, 100)
        let lanes = lanes(channel)
        // 32.4 + 21 log10(100) + 20 log10(3.5) = 85.28 dB; 10 dB of the state; noise -173.98 dBm/Hz at 290 K.
        let noise = 10 * log10(1.380649e-23 * 290 * 20e6 * 1000) + 7
        for (watts, column) in [(0.2, Lanes.Column.up), (1.0, .down)] {
            let decibels = 10 * log10(watts * 1000) - (32.4 + 21 * 2 + 20 * log10(3.5)) - 10 - noise - 3
            let rate = 20e6 * log2(1 + pow(10, decibels / 10))
            #expect(abs(1 / lanes[column][0] / rate - 1) < 1e-9)
            #expect(abs(1 / lanes[column][999] / rate - 1) < 1e-9)
        }
    }

    @Test("with the CQI table the rate is the greatest efficiency that Shannon's bound reaches, with a floor")
    func cqi() {
        var channel = RadioChannel.cell
        (channel.rate, channel.state) = (.cqi, .mixed)
        let plain = RadioChannel(
            rate: .shannon, fading: channel.fading, ricianFactorDb: 6, carrierHertz: channel.carrierHertz,
            bandwidthHertz: channel.bandwidthHertz, uplinkWatts: channel.uplinkWatts,
            downlinkWatts: channel.downlinkWatts, noiseFigureDb: channel.noiseFigureDb,
            pathLossInterceptDb: channel.pathLossInterceptDb, pathLossExponent: channel.pathLossExponent,
            minimumMetres: channel.minimumMetres, maximumMetres: channel.maximumMetres, gapDb: channel.gapDb,
            floorBitsPerSecond: 1e-3, state: .mixed)
        let (table, bound) = (lanes(channel), lanes(plain))
        var seen: Set<Double> = []
        for lane in 0..<table.count {
            let reached = CQITable.efficiencies.last { $0 * 20e6 <= 1 / bound[.up][lane] * (1 + 1e-12) } ?? 0
            let rate = max(reached * 20e6, 1e6)
            #expect(abs(1 / table[.up][lane] / rate - 1) < 1e-12)
            seen.insert(rate)
        }
        #expect(seen.count > 5)
    }

    @Test("fading has mean 1; Rayleigh's has variance 1 and its quantiles, Rician's less", arguments: [0.0, 4.0])
    func fading(factor: Double) {
        let count = 200_000
        var (u, v, gain) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count), [Double]())
        gain = u
        kerf_fleet_uniform(1, 0, count, &u)
        kerf_fleet_uniform(2, 0, count, &v)
        kerf_fleet_fading(factor, u, v, count, &gain)
        let mean = gain.reduce(0, +) / Double(count)
        let variance = gain.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        // Of |h|^2 with factor k: (1 + 2 k) / (1 + k)^2.
        let expected = (1 + 2 * factor) / ((1 + factor) * (1 + factor))
        #expect(abs(mean - 1) < 0.01 && abs(variance / expected - 1) < 0.02, "\(mean) \(variance)")
        for index in stride(from: 0, to: count, by: 997) {
            let amplitude = (factor / (1 + factor)).squareRoot()
            let scattered = (-log(u[index]) / (1 + factor)).squareRoot()
            let (x, y) = (amplitude + scattered * cos(2 * .pi * v[index]), scattered * sin(2 * .pi * v[index]))
            #expect(abs(gain[index] - (x * x + y * y)) < 1e-12)
        }
        if factor == 0 {
            let below = Double(gain.filter { $0 < log(2.0) }.count) / Double(count)
            #expect(abs(below - 0.5) < 0.005)
        }
    }

    @Test("random numbers do not depend on how lanes are cut up, and streams differ")
    func counters() {
        var (whole, part) = ([Double](repeating: 0, count: 100), [Double](repeating: 0, count: 40))
        kerf_fleet_uniform(7, 0, 100, &whole)
        kerf_fleet_uniform(7, 60, 40, &part)
        #expect(Array(whole[60...]) == part)
        #expect(whole.allSatisfy { $0 > 0 && $0 < 1 } && Set(whole).count == 100)
        #expect(Stream.state.key(seed: 1, round: 0) != Stream.cut.key(seed: 1, round: 0))
        #expect(Stream.state.key(seed: 1, round: 0) != Stream.state.key(seed: 1, round: 1))
    }

    @Test("states order the rates; mixed lies between")
    func states() {
        func mean(_ state: ChannelState) -> Double {
            var channel = RadioChannel.cell
            channel.state = state
            let lanes = lanes(channel)
            return (0..<lanes.count).reduce(0) { $0 + 1 / lanes[.up][$1] }
        }
        #expect(mean(.good) > mean(.normal) && mean(.normal) > mean(.poor))
        #expect(mean(.mixed) < mean(.good) && mean(.mixed) > mean(.poor))
    }

    @Test("a trace holds each rate until the next, and begins again")
    func trace() throws {
        let trace = try Trace(csv: "time,up,down\n0,1e6,2e6\n1,3e6,4e6\n2,5e6,6e6\n3,7e6,8e6\n", named: "t.csv")
        #expect([0, 0.5, 1, 2.999, 3, 4.5].map(trace.index) == [0, 0, 1, 2, 0, 1])
        let lanes = Lanes(first: 0, count: 100)
        let kernel = ChannelKernel(.trace(trace, roundSeconds: 0.5), seed: 3)
        kernel.place(lanes)
        kernel.fill(lanes, round: 4)
        let rates = Set((0..<100).map { 1 / lanes[.up][$0] })
        #expect(rates.allSatisfy { rate in [1e6, 3e6, 5e6].contains { abs($0 - rate) < 1 } } && rates.count == 3)
    }
}
