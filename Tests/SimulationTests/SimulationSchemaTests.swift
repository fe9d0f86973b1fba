import CARD
import Foundation
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing

@testable import Simulation

/// The schemas of scenarios and simulations and their Swift types require the same fields.
@Suite("Simulation schemas and types", .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
struct SimulationSchemaTests {
    private static func shipped() throws -> Scenario {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try KerfJSON.read(
            Scenario.self, at: root.appending(path: "Profiles/scenarios/five-devices.json").path
        ).file
    }

    @Test("scenario: a radio cell with rated boxes, a trace with a calibration")
    func scenario() throws {
        var radio = try Self.shipped()
        (radio.minimumCut, radio.microBatches, radio.server.memoryBytes) = (1, 2, 1e9)
        var trace = radio
        trace.channel.radio = nil
        trace.channel.trace = TraceChannel(file: "trace.csv", roundSeconds: 1)
        (trace.server.rated, trace.server.calibration) = (nil, "server.json")
        #expect(
            try SchemaAgreement.faults(of: [radio, trace, Self.shipped()], schema: "scenario") { try $0.check() } == [])
    }

    @Test("simulation: with a front and intervals, and with one seed")
    func simulation() throws {
        let scenario = try Self.shipped()
        let link = try Link(uplinkBitsPerSecond: 1, downlinkBitsPerSecond: 1, roundTripSeconds: 0.01)
        let instance = try Self.model(link)
        let fleet = try Fleet(models: [instance], channel: .radio(.cell))
        func result(_ seeds: [UInt64], _ weights: [Double]) throws -> SimulationResult {
            let run = try FleetRun(
                fleet: fleet, deviceCount: 2, roundCount: 2,
                rules: SimulationResult.rules(weight: 0.5, frontWeights: weights))
            return SimulationResult(
                scenario: scenario, sha256: String(repeating: "0", count: 64), weight: 0.5, level: .paper,
                frontWeights: weights, seeds: seeds, tallies: try seeds.map { try run.run(seed: $0) },
                assumptions: ["planted"])
        }
        #expect(
            try SchemaAgreement.faults(of: [result([1, 2, 3], [0, 1]), result([1], [])], schema: "simulation") == [])
    }

    private static func model(_ link: Link) throws -> CutModel {
        let cuts = (0...2).map { cut -> CutCost in
            func known(_ value: Double) -> Estimate { Estimate(value: value, halfWidth: 0, count: 1) }
            let traffic = CutTraffic(
                uplinkBytes: cut == 2 ? 0 : 1e5, downlinkBytes: cut == 1 ? 1e5 : 0, adapterBytes: 1e4 * Double(cut),
                stepMessages: 2, roundMessages: 2)
            return CutCost(
                cut: cut, deviceSeconds: known(0.1 * Double(cut)), serverSeconds: known(0.01 * Double(2 - cut)),
                serverJoules: known(2 * Double(2 - cut)), traffic: traffic)
        }
        return CutModel(
            level: .measuredLayers, cuts: cuts,
            frequency: ServerFrequency(referenceHertz: 1e9, lowestRatio: 0.4, highestRatio: 1, origin: .modelled),
            link: link, steps: 5, countsLatency: false, delayOrigin: .simulated, energyOrigin: .simulated,
            assumptions: [])
    }
}
