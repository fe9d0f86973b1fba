import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// The calibrations of a device and a server for one decision.
///
/// Both must describe the same model, layer by layer, and the same training step. Weights, thread count, engine and
/// activation checkpointing may differ.
struct Pairing {
    /// With pooled values in the place of a block's own, where a calibration has them. Values may be changed after the
    /// check; model and workload must not.
    var device: Calibration
    var server: Calibration
    let task: SplitTask
    /// Sides whose forward passes were measured in a training step, for inference.
    private let trainingSides: [String]

    var blockCount: Int { device.model.blockCount }
    private var workload: WorkloadDescription { device.workload }

    init(device ofDevice: Calibration, server ofServer: Calibration, for task: SplitTask = .training) throws {
        var (device, server) = (ofDevice.usingPooledValues, ofServer.usingPooledValues)
        for (calibration, side) in [(device, "device"), (server, "server")] {
            if task == .training, calibration.workload.forwardOnly == true {
                throw KerfError(
                    .incompatible,
                    "the \(side)'s calibration is of forward passes alone, and training has backward passes too",
                    remedy: .inferenceOrTrainingStep)
            }
            try Self.checkComplete(calibration, side)
        }
        self.task = task
        trainingSides = [(device, "device"), (server, "server")].compactMap { calibration, side in
            calibration.workload.forwardOnly == true ? nil : side
        }
        if task == .inference { (device, server) = (device.ofForwardPasses, server.ofForwardPasses) }
        if let difference = try JSONDifference.first(between: Subject(device, task), and: Subject(server, task)) {
            throw KerfError(
                .incompatible,
                "the calibrations are not of the same \(task == .training ? "training step" : "forward pass"): "
                    + "\(difference.path) is \(difference.left) on the "
                    + "device and \(difference.right) on the server",
                remedy: .sameWorkload)
        }
        self.device = device
        self.server = server
    }

    /// Bytes of a batch's tokens, or of its targets, 4 each.
    var tokenBytes: Double { 4 * Double(workload.batch) * Double(workload.sequence) }

    /// The link's traffic at a cut.
    ///
    /// In inference, smashed data (or tokens) go up, and one token for each sequence returns, 4 bytes each. In training:
    ///
    /// Targets are sent at every cut but L, since the server computes the loss: 4 bytes per token. At cut 0 the tokens
    /// are sent, 4 bytes each, and no gradient returns, since nothing before the first block is trained. At cut L only
    /// the adapters are exchanged.
    func traffic(at cut: Int) -> CutTraffic {
        if task == .inference {
            let isLast = cut == blockCount
            return CutTraffic(
                uplinkBytes: isLast ? 0 : cut == 0 ? tokenBytes : Double(device.layers[cut].description.outputBytes),
                downlinkBytes: isLast ? 0 : 4 * Double(workload.batch), adapterBytes: 0,
                stepMessages: isLast ? 0 : 2, roundMessages: 0)
        }
        let adapters = device.layers[...cut].reduce(0.0) { $0 + Double($1.description.adapterBytes) }
        let smashed = cut == 0 ? tokenBytes : Double(device.layers[cut].description.outputBytes)
        return CutTraffic(
            uplinkBytes: cut == blockCount ? 0 : smashed + tokenBytes,
            downlinkBytes: cut == 0 || cut == blockCount ? 0 : smashed,
            adapterBytes: adapters, stepMessages: cut == blockCount ? 0 : cut == 0 ? 1 : 2,
            roundMessages: adapters > 0 ? 2 : 0)
    }

    /// Tokens and targets among the bytes that go up at a cut, which no wire format makes smaller.
    func tokenBytesUp(at cut: Int) -> Double {
        guard cut < blockCount else { return 0 }
        return tokenBytes * ((cut == 0 ? 1 : 0) + (task == .training ? 1 : 0))
    }

    /// The layers that each side runs at a cut: blocks 1...c on the device, with the embedding and, at L, the head.
    func deviceLayers(at cut: Int) -> ArraySlice<LayerCalibration> {
        cut == 0 ? [] : cut == blockCount ? device.layers[...] : device.layers[...cut]
    }

    func serverLayers(at cut: Int) -> ArraySlice<LayerCalibration> {
        cut == 0 ? server.layers[...] : cut == blockCount ? [] : server.layers[(cut + 1)...]
    }

    /// Energy of the device's layers at a cut; `nil` where that of a layer is not known.
    func deviceEnergy(at cut: Int, _ account: EnergyAccount) -> Estimate? {
        let passes = deviceLayers(at: cut).flatMap { [$0.forward, $0.backward] }
            .map { account == .net ? $0.netEnergyJoules : $0.grossEnergyJoules }
        return passes.allSatisfy { ($0.value ?? -1) >= 0 } ? passes.compactMap(\.estimate).sum : nil
    }

    /// The server's frequency range relative to its running frequency, f0.
    ///
    /// - Parameter required: whether the running frequency must be known.
    func serverFrequency(required: Bool) throws -> ServerFrequency {
        let frequency = server.frequency
        guard let running = frequency.runningHertz.value, running > 0 else {
            guard required else { return .unknown }
            throw KerfError(
                .incomplete,
                "the server's frequency is not known: \(frequency.runningHertz.reason ?? "no reason given")",
                remedy: .measuredTimes)
        }
        guard frequency.settable, let low = frequency.minimumHertz.value, let high = frequency.maximumHertz.value else {
            return ServerFrequency(
                referenceHertz: running, lowestRatio: 1, highestRatio: 1, origin: frequency.runningHertz.origin)
        }
        guard low > 0, low <= high else {
            throw KerfError(.incomplete, "the server's frequency range is empty: \(low) to \(high) Hz")
        }
        return ServerFrequency(
            referenceHertz: running, lowestRatio: low / running, highestRatio: high / running,
            origin: Origin.weakest(
                [frequency.runningHertz, frequency.minimumHertz, frequency.maximumHertz].map(\.origin)))
    }

    /// How the frequency enters the decision, in one sentence.
    func frequencyAssumption(_ frequency: ServerFrequency) -> String {
        if frequency.isChosen {
            return "The server's frequency is chosen within its limits; its time is proportional to 1/f and its energy "
                + "to f squared."
        }
        return "The server's frequency cannot be set; it stays as it was profiled."
    }

    /// What inference takes from a training step, one sentence for each such side.
    var trainingStepAssumptions: [String] {
        guard task == .inference else { return [] }
        return trainingSides.map {
            "The \($0)'s forward passes are those of a training step: its head's holds the loss, and where a mean power "
                + "counts it is that of both directions."
        }
    }

    /// How blocks of one shape enter the decision; empty for calibrations without pooling groups.
    var poolingAssumption: [String] {
        guard device.pooling != nil || server.pooling != nil else { return [] }
        return ["Blocks of one shape are pooled: each is estimated together with the others, as far as they agree."]
    }

    /// Which sides recompute activations, one sentence for each.
    var checkpointingAssumptions: [String] {
        [(device, "device"), (server, "server")].compactMap { calibration, side in
            calibration.workload.activationCheckpointing == true
                ? "The \(side) trains with activation checkpointing, as it was profiled." : nil
        }
    }

    private static func checkComplete(_ calibration: Calibration, _ side: String) throws(KerfError) {
        let layers = calibration.layers
        let remedy = "calibrate its profile again"
        guard layers.count >= 3, layers.count - 2 == calibration.model.blockCount else {
            throw KerfError(
                .incomplete,
                "the \(side)'s calibration has \(layers.count) layers for a model of "
                    + "\(calibration.model.blockCount) blocks", remedy: .text(remedy))
        }
        for (index, layer) in layers.enumerated() {
            let kind: LayerDescription.Kind = index == 0 ? .embedding : index == layers.count - 1 ? .head : .block
            guard layer.description.index == index, layer.description.kind == kind else {
                throw KerfError(
                    .incomplete, "the \(side)'s layers[\(index)] is not layer \(index), a \(kind.rawValue)",
                    remedy: .text(remedy))
            }
            let sizes = [layer.description.adapterBytes, layer.description.outputBytes]
            guard sizes.allSatisfy({ $0 >= 0 }), layer.description.forwardFlops >= 0 else {
                throw KerfError(
                    .incomplete, "the \(side)'s layer \(index) has a size below zero", remedy: .text(remedy))
            }
            for (name, pass) in [("forward", layer.forward), ("backward", layer.backward)] {
                guard let seconds = pass.timeSeconds.value, seconds >= 0 else {
                    throw KerfError(
                        .incomplete, "the \(side)'s calibration has no time of layer \(index) \(name)",
                        remedy: .text(remedy))
                }
            }
        }
        guard (calibration.pooling ?? []).allSatisfy({ $0.isSound(layers: layers.count) }) else {
            throw KerfError(
                .incomplete,
                "the \(side)'s calibration has a pooling group of fewer than three blocks, or of values "
                    + "that are not above zero", remedy: .text(remedy))
        }
        guard calibration.workload.batch > 0, calibration.workload.sequence > 0 else {
            throw KerfError(.incomplete, "the \(side)'s workload has no tokens", remedy: .text(remedy))
        }
    }

    /// The part of a calibration that must be equal on both sides.
    private struct Subject: Encodable {
        var model: ModelDescription
        var workload: WorkloadDescription
        var layers: [LayerDescription]

        init(_ calibration: Calibration, _ task: SplitTask) {
            // A side's memory is its own affair: it may recompute activations, and the results keep their bits.
            let recomputes = calibration.workload.activationCheckpointing == true
            model = calibration.model.ignoringWeights
            workload = calibration.workload.ignoringThreads
            workload.activationCheckpointing = nil
            layers = calibration.layers.map { layer in
                // Memory and traffic of a layer depend on the engine and its threads.
                var description = layer.description
                description.memory = nil
                description.kernels = nil
                if recomputes, description.kind == .block { description.backwardFlops -= description.forwardFlops }
                if task == .inference {
                    // Adapters may be merged into one side's weights, or be there as products of their own.
                    (description.parameterCount, description.forwardFlops) = (0, 0)
                    // The head may compute the logits of all tokens or of the last ones: a token returns.
                    if layer.description.kind == .head { description.outputBytes = 0 }
                }
                return description
            }
        }
    }
}

extension Quantity {
    /// The quantity as an estimate. Without bounds its width is unknown, except for the exact zero of a pass without
    /// work.
    var estimate: Estimate? {
        guard let value else { return nil }
        let isExact = value == 0 && origin == .modelled
        let width = upper.flatMap { upper in lower.map { max(upper - value, value - $0) } }
        return Estimate(value: value, halfWidth: width ?? (isExact ? 0 : .infinity), count: isExact ? .max : count)
    }
}

extension Sequence<Estimate> {
    /// The sum of estimates of one calibration; an empty sum is exactly zero.
    ///
    /// They are not independent: times of one step are correlated, and all net energies share one idle power.
    var sum: Estimate { reduce(Estimate(value: 0, halfWidth: 0, count: .max)) { $0.addingDependent($1) } }
}
