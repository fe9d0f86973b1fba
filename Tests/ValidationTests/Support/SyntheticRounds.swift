import CARD
import Calibration
import Quantities
import Statistics
import SystemIO
import TestSupport
import Validation

/// Rounds drawn with noise from a model that is known.
struct SyntheticRounds {
    /// The model of the true boxes and their link.
    var truth: CutModel
    /// Net energy of the device's step, by cut.
    var deviceEnergies: [Estimate?] = []
    /// Relative standard deviation of every part and energy.
    var noise = 0.01
    /// What a round takes beyond the model.
    var overheadSeconds = 0.0
    var idleWatts = 8.0
    var isMetered = true

    func rounds(_ plan: ValidationPlan, seed: UInt64 = 1) throws -> [MeasuredRound] {
        var generator = SeededGenerator(seed: seed)
        return plan.rounds.map { round in
            draw(round.point, order: round.order, repetition: round.repetition, &generator)
        }
    }

    /// All points `repetitions` times, in order.
    func rounds(_ points: [MeasuredPoint], repetitions: Int, seed: UInt64 = 1) -> [MeasuredRound] {
        var generator = SeededGenerator(seed: seed)
        return (0..<repetitions).flatMap { repetition in
            points.enumerated().map { place, point in
                draw(point, order: repetition * points.count + place, repetition: repetition, &generator)
            }
        }
    }

    private func draw(
        _ point: MeasuredPoint, order: Int, repetition: Int, _ generator: inout SeededGenerator
    ) -> MeasuredRound {
        let ratio = point.serverHertz.flatMap { hertz in truth.frequency.referenceHertz.map { hertz / $0 } } ?? 1
        let (cost, steps) = (truth.cuts[point.cut], Double(truth.steps))
        let parts = truth.delay(cost, ratio: ratio)
        let up = min(cost.traffic.stepMessages, 1)
        let half = truth.countsLatency ? truth.link.roundTripSeconds / 2 : 0
        func noisy(_ value: Double) -> Double { value * (1 + noise * generator.normal()) }
        let device = noisy(parts.deviceSeconds)
        let uplink = noisy(parts.uplinkSeconds + steps * half * Double(up))
        let server = noisy(parts.serverSeconds)
        let downlink = noisy(parts.downlinkSeconds + steps * half * Double(cost.traffic.stepMessages - up))
        let adapters = noisy(parts.adapterSeconds + half * Double(cost.traffic.roundMessages))
        let overhead = noisy(overheadSeconds) - (parts.overlapSeconds ?? 0)
        let serverNet = (cost.serverJoules?.value ?? 0) * steps * truth.energyFactor(cost, ratio: ratio)
        let deviceNet = (deviceEnergies.isEmpty ? 0 : deviceEnergies[point.cut]?.value ?? 0) * steps
        return MeasuredRound(
            cut: point.cut, serverHertz: point.serverHertz, order: order, repetition: repetition, steps: truth.steps,
            delaySeconds: device + uplink + server + downlink + adapters + overhead, deviceSeconds: device,
            uplinkSeconds: uplink, serverSeconds: server, downlinkSeconds: downlink, adapterSeconds: adapters,
            deviceJoules: isMetered ? noisy(deviceNet) + idleWatts * device : nil,
            serverJoules: isMetered ? noisy(serverNet) + idleWatts * server : nil,
            deviceIdleWatts: isMetered ? idleWatts : nil, serverIdleWatts: isMetered ? idleWatts : nil)
    }
}

/// A pair of boxes, and what is decided and measured on it.
struct SyntheticPair {
    /// The boxes as they are.
    var device = SyntheticProfile()
    var server = SyntheticProfile()
    /// The device as its calibration has it; `nil` where that is right.
    var calibratedDevice: SyntheticProfile?
    var link = "up=20mbit,down=80mbit,rtt=4ms"
    var weight = 0.5
    var microBatches = 1

    init(blocks: Int = 8) {
        (device.blocks, server.blocks) = (blocks, blocks)
        (device.noise, server.noise) = (0.002, 0.002)
        (device.origin, server.origin) = (.measured, .measured)
        device.blockSeconds = 0.02
        device.seed = 2
    }

    var decider: Decider {
        get throws { Decider(link: try Link(parsing: link), weight: weight, microBatches: microBatches) }
    }

    var conditions: RoundConditions {
        let side = RoundConditions.MeteredSide(energyOrigin: .measured)
        return RoundConditions(device: side, server: side)
    }

    func sides() throws -> (device: Decider.Side, server: Decider.Side) {
        let hash = String(repeating: "0", count: 64)
        return (
            .init(calibration: try .planted(calibratedDevice ?? device), sha256: hash),
            .init(calibration: try .planted(server), sha256: hash)
        )
    }

    func decision() throws -> Decision {
        let sides = try sides()
        return try decider.decide(device: sides.device, server: sides.server)
    }

    /// The boxes as they are: the calibrations of runs without noise.
    func truth() throws -> SyntheticRounds {
        var (device, server) = (device, server)
        (device.noise, server.noise) = (1e-9, 1e-9)
        let pair = (try Calibration.planted(device), try Calibration.planted(server))
        return SyntheticRounds(
            truth: try decider.model(device: pair.0, server: pair.1),
            deviceEnergies: try decider.deviceEnergies(device: pair.0, server: pair.1, account: .net))
    }

    func validate(_ rounds: [MeasuredRound], seed: UInt64 = 1) throws -> ValidationReport {
        let sides = try sides()
        return try Validator(decider: decider, conditions: conditions, seed: seed).validate(
            device: sides.device, server: sides.server, rounds: rounds, created: "2026-01-01T00:00:00Z")
    }

    /// Every cut, with the server's frequency left as it was.
    var allCuts: [MeasuredPoint] { (0...device.blocks).map { MeasuredPoint(cut: $0) } }
}
