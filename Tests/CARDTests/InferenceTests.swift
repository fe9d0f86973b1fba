import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@testable import CARD

@Suite("Decisions for inference") struct InferenceTests {
    private static let link = "up=8mbit,down=80mbit,rtt=10ms"

    private func decider(_ task: SplitTask = .inference, weight: Double = 1) throws -> Decider {
        Decider(task: task, link: try Link(parsing: Self.link), weight: weight, steps: 4)
    }

    /// A calibration of a forward pass alone, as a program that infers gives it.
    private func forwardOnly(_ planted: SyntheticProfile) throws -> Calibration {
        var profile = planted.make()
        profile.workload.forwardOnly = true
        (profile.workload.loraRank, profile.workload.loraAlpha, profile.workload.loraTargets) = (0, 0, [])
        for index in profile.layers.indices {
            (profile.layers[index].backwardFlops, profile.layers[index].adapterBytes) = (0, 0)
        }
        profile.layerTimes.removeAll { $0.direction == .backward }
        profile.energyWindows.removeAll { $0.direction == .backward }
        profile.instrumentationOverheadPairs = nil
        profile.stepTraces = nil
        let forward = (0...(planted.blocks + 1)).reduce(0) { $0 + planted.seconds(layer: $1, forward: true) }
        let scale = forward / planted.stepSeconds
        for index in profile.steps.indices { profile.steps[index].seconds *= scale }
        for index in profile.instrumentedSteps?.indices ?? 0..<0 { profile.instrumentedSteps?[index].seconds *= scale }
        return try Calibrator.calibrate([Calibrator.Input(name: "p.json", bytes: try KerfJSON.encode(profile))])
    }

    @Test("delay and energy are those of forward passes, tokens and one answer for each sequence")
    func parts() throws {
        let planted = SyntheticProfile()
        let calibration = try forwardOnly(planted)
        let model = try decider().model(device: calibration, server: calibration)
        let blocks = calibration.model.blockCount
        let layers = calibration.usingPooledValues.layers
        let forward = layers.map { $0.forward.timeSeconds.value ?? .nan }
        let joules = layers.map { $0.forward.netEnergyJoules.value ?? .nan }
        let workload = calibration.workload
        for cost in model.cuts {
            let delay = model.delay(cost, ratio: 1)
            let onDevice = cost.cut == 0 ? 0 : cost.cut == blocks ? blocks + 2 : cost.cut + 1
            let (device, server) = (forward.prefix(onDevice), forward.dropFirst(onDevice))
            #expect(abs(delay.deviceSeconds - 4 * device.reduce(0, +)) < 1e-9, "cut \(cost.cut)")
            #expect(abs(delay.serverSeconds - 4 * server.reduce(0, +)) < 1e-9, "cut \(cost.cut)")
            #expect(delay.adapterSeconds == 0)
            let isLast = cost.cut == blocks
            let tokens = 4 * workload.batch * workload.sequence
            let up = isLast ? 0 : cost.cut == 0 ? tokens : calibration.layers[cost.cut].description.outputBytes
            #expect(abs(delay.uplinkSeconds - 4 * 8 * Double(up) / 8e6) < 1e-9, "cut \(cost.cut)")
            #expect(abs(delay.downlinkSeconds - (isLast ? 0 : 4 * 8 * 4 * Double(workload.batch) / 80e6)) < 1e-9)
            #expect(abs(delay.latencySeconds - (isLast ? 0 : 4 * 2 * 0.005)) < 1e-9)
            let energy = joules.dropFirst(onDevice).reduce(0, +)
            #expect(abs((cost.serverJoules?.value ?? .nan) - energy) < 1e-9 * max(1, energy), "cut \(cost.cut)")
        }
    }

    @Test("a training step's calibration gives its forward passes, beside one of forward passes alone")
    func ofTraining() throws {
        let (training, inference) = (try Calibration.planted(SyntheticProfile()), try forwardOnly(SyntheticProfile()))
        let mixed = try decider().model(device: inference, server: training)
        let both = try decider().model(device: training, server: training)
        for (one, other) in zip(mixed.cuts, both.cuts) {
            #expect(abs(one.serverSeconds.value - other.serverSeconds.value) < 1e-12)
            #expect(one.traffic == other.traffic)
        }
        let sum = training.layers.reduce(0) { $0 + ($1.forward.timeSeconds.value ?? 0) }
        #expect(abs((training.ofForwardPasses.step.timeSeconds.value ?? 0) - sum) < 1e-12)
        #expect(inference.ofForwardPasses.step == inference.step)
        // What a backward pass recomputes is of no matter.
        var recomputing = training
        recomputing.workload.activationCheckpointing = true
        #expect(recomputing.ofForwardPasses.workload == training.ofForwardPasses.workload)
        // Each says where its values come from.
        #expect(mixed.assumptions.filter { $0.contains("forward passes are those of a training step") }.count == 1)
        #expect(both.assumptions.filter { $0.contains("forward passes are those of a training step") }.count == 2)
    }

    @Test("a decision says what it is of, and tests no assumption about backward passes")
    func decision() throws {
        let calibration = try forwardOnly(SyntheticProfile())
        let side = Decider.Side(calibration: calibration, sha256: String(repeating: "0", count: 64))
        let decision = try decider(weight: 0.5).decide(device: side, server: side)
        #expect(decision.task == .inference)
        #expect(decision.findings.first { $0.assumption == .backwardTwiceForward }?.verdict == .untested)
        #expect(!decision.assumptions.contains { $0.contains("backward") })
        #expect(decision.levels.allSatisfy { $0.cut != nil })
        let again = try KerfJSON.decode(Decision.self, from: try KerfJSON.encode(decision), named: "d.json")
        #expect(again.task == .inference)
    }

    @Test("int8 smashed data take a quarter of the bytes, tokens and the answer do not")
    func wire() throws {
        let calibration = try forwardOnly(SyntheticProfile())
        var decider = try decider()
        let plain = try decider.model(device: calibration, server: calibration)
        decider.exchange = CutExchange(activationRatio: 0.25, gradientRatio: 0.5)
        let small = try decider.model(device: calibration, server: calibration)
        for (small, plain) in zip(small.cuts, plain.cuts) {
            let ratio = plain.cut == 0 ? 1 : 0.25
            #expect(small.traffic.uplinkBytes == ratio * plain.traffic.uplinkBytes)
            #expect(small.traffic.downlinkBytes == plain.traffic.downlinkBytes && small.traffic.adapterBytes == 0)
        }
    }

    @Test("moments do not travel") func moments() throws {
        let calibration = try forwardOnly(SyntheticProfile())
        var decider = try decider()
        decider.exchange = CutExchange(adapterTensors: 3)
        let error = #expect(throws: KerfError.self) { try decider.model(device: calibration, server: calibration) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("training is not decided from forward passes", arguments: [true, false])
    func refused(isDevice: Bool) throws {
        let (training, inference) = (try Calibration.planted(SyntheticProfile()), try forwardOnly(SyntheticProfile()))
        let error = #expect(throws: KerfError.self) {
            try decider(.training).model(
                device: isDevice ? inference : training, server: isDevice ? training : inference)
        }
        #expect(error?.code == .incompatible && error?.remedy == .inferenceOrTrainingStep)
        #expect(error?.message.hasPrefix("the \(isDevice ? "device" : "server")'s calibration is of forward") == true)
    }
}
