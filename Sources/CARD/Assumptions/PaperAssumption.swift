import Calibration
import ProfileFormat
import Quantities

/// What CARD's paper takes for granted, in our reconstruction.
public enum PaperAssumption: String, Codable, Sendable, Hashable, CaseIterable {
    case timeByOperations = "time_by_operations"
    case inverseClock = "inverse_clock"
    case cubicPower = "cubic_power"
    case identicalLayers = "identical_layers"
    case backwardTwiceForward = "backward_twice_forward"
    case freeMemory = "free_memory"
    case idealLink = "ideal_link"
    case noOverlap = "no_overlap"

    public var statement: String {
        switch self {
        case .timeByOperations: "time is operations over rated speed"
        case .inverseClock: "time goes as 1/f"
        case .cubicPower: "power goes as f^3"
        case .identicalLayers: "all layers are alike"
        case .backwardTwiceForward: "backward takes twice forward"
        case .freeMemory: "memory is free"
        case .idealLink: "the link is its rates"
        case .noOverlap: "nothing overlaps"
        }
    }
}

/// The same situation as one who believes an assumption sees it, all else as measured.
extension SplitProblem {
    func assuming(_ assumption: PaperAssumption) -> SplitProblem {
        var believed = self
        switch assumption {
        case .timeByOperations:
            believed.pairing.device.setTimes { $0.seconds(byOperations: $1, $2) }
            believed.pairing.server.setTimes { $0.seconds(byOperations: $1, $2) }
        case .inverseClock:
            for index in pairing.server.frequencyLaws?.passes.indices ?? 0..<0 {
                let law = pairing.server.frequencyLaws?.passes[index].time
                guard let hertz = pairing.server.frequency.runningHertz.value,
                    let whole = law?.seconds(atHertz: hertz)
                else { continue }
                believed.pairing.server.frequencyLaws?.passes[index].time.fixedSeconds.value = 0
                believed.pairing.server.frequencyLaws?.passes[index].time.cycles.value = whole * hertz
            }
        case .cubicPower:
            believed.pairing.server.frequencyLaws?.netPower = nil
            believed.pairing.server.frequencyLaws?.grossPower = nil
        case .identicalLayers:
            believed.pairing.device.makeLayersAlike()
            believed.pairing.server.makeLayersAlike()
        case .backwardTwiceForward:
            for side in [\Pairing.device, \Pairing.server] {
                believed.pairing[keyPath: side].setTimes { calibration, layer, forward in
                    let seconds = calibration.layers[layer].forward.timeSeconds.value ?? 0
                    // The embedding has no backward pass; the other layers' is what the assumption speaks of.
                    return layer == 0 && !forward ? 0 : forward ? seconds : 2 * seconds
                }
            }
        case .freeMemory:
            believed.limits.deviceMemoryBytes = nil
            believed.limits.serverMemoryBytes = nil
        case .idealLink:
            believed.link.roundTripSeconds = 0
        case .noOverlap:
            believed.microBatches = 1
        }
        return believed
    }
}

extension Calibration {
    /// Gives every pass another time; energies go with it, as power times time.
    mutating func setTimes(_ seconds: (_ calibration: Calibration, _ layer: Int, _ forward: Bool) -> Double) {
        let old = self
        for layer in layers.indices {
            layers[layer].forward.setTime(seconds(old, layer, true))
            layers[layer].backward.setTime(seconds(old, layer, false))
        }
    }

    /// f32 operations a second at the running clock, as rated; `nil` where the box does not tell.
    var ratedSpeed: Double? {
        guard let hertz = frequency.runningHertz.value, hertz > 0, let flops = rated.flopsPerCyclePerCore.value,
            flops > 0, rated.cores > 0
        else { return nil }
        return hertz * flops * Double(rated.cores)
    }

    /// All passes of a step.
    var stepSeconds: Double {
        layers.reduce(0) { $0 + ($1.forward.timeSeconds.value ?? 0) + ($1.backward.timeSeconds.value ?? 0) }
    }

    private var stepOperations: Double {
        layers.reduce(0) { $0 + $1.description.forwardFlops + $1.description.backwardFlops }
    }

    /// Operations over rated speed; where that is not known, over the speed that gives the measured step.
    func seconds(byOperations layer: Int, _ forward: Bool) -> Double {
        let description = layers[layer].description
        guard stepOperations > 0, stepSeconds > 0 else { return 0 }
        return (forward ? description.forwardFlops : description.backwardFlops)
            / (ratedSpeed ?? stepOperations / stepSeconds)
    }

    /// Every block takes the same, embedding and head nothing, the step as long as it is.
    mutating func makeLayersAlike() {
        let blocks = Double(model.blockCount)
        let forward = layers.reduce(0) { $0 + ($1.forward.timeSeconds.value ?? 0) } / blocks
        let backward = layers.reduce(0) { $0 + ($1.backward.timeSeconds.value ?? 0) } / blocks
        let last = layers.count - 1
        setTimes { _, layer, isForward in layer == 0 || layer == last ? 0 : isForward ? forward : backward }
    }
}
