import Calibration
import ProfileFormat
import Quantities

/// An assumption of CARD's paper, in our reconstruction.
public enum PaperAssumption: String, Codable, Sendable, Hashable, CaseIterable {
    case timeByOperations = "time_by_operations"
    case inverseFrequency = "inverse_frequency"
    case cubicPower = "cubic_power"
    case identicalLayers = "identical_layers"
    case backwardTwiceForward = "backward_twice_forward"
    case freeMemory = "free_memory"
    case idealLink = "ideal_link"
    case noOverlap = "no_overlap"

    public var statement: String {
        switch self {
        case .timeByOperations: "time is operations over rated speed"
        case .inverseFrequency: "time is proportional to 1/f"
        case .cubicPower: "power is proportional to f^3"
        case .identicalLayers: "all layers are identical"
        case .backwardTwiceForward: "backward takes twice as long as forward"
        case .freeMemory: "memory is unlimited"
        case .idealLink: "the link has no latency"
        case .noOverlap: "computation and communication do not overlap"
        }
    }
}

extension PaperAssumption {
    /// Also reads the names of version 1.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let assumption = text == "inverse_clock" ? .inverseFrequency : PaperAssumption(rawValue: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "an unknown assumption")
        }
        self = assumption
    }
}

extension SplitProblem {
    /// The problem under an assumption, all else as measured.
    func assuming(_ assumption: PaperAssumption) -> SplitProblem {
        var assumed = self
        switch assumption {
        case .timeByOperations:
            assumed.pairing.device.setTimes { $0.seconds(byOperations: $1, $2) }
            assumed.pairing.server.setTimes { $0.seconds(byOperations: $1, $2) }
        case .inverseFrequency:
            for index in pairing.server.frequencyLaws?.passes.indices ?? 0..<0 {
                let law = pairing.server.frequencyLaws?.passes[index].time
                guard let hertz = pairing.server.frequency.runningHertz.value,
                    let whole = law?.seconds(atHertz: hertz)
                else { continue }
                assumed.pairing.server.frequencyLaws?.passes[index].time.fixedSeconds.value = 0
                assumed.pairing.server.frequencyLaws?.passes[index].time.cycles.value = whole * hertz
            }
        case .cubicPower:
            assumed.pairing.server.frequencyLaws?.netPower = nil
            assumed.pairing.server.frequencyLaws?.grossPower = nil
        case .identicalLayers:
            assumed.pairing.device.makeLayersIdentical()
            assumed.pairing.server.makeLayersIdentical()
        case .backwardTwiceForward:
            for side in [\Pairing.device, \Pairing.server] {
                assumed.pairing[keyPath: side].setTimes { calibration, layer, forward in
                    let seconds = calibration.layers[layer].forward.timeSeconds.value ?? 0
                    // The embedding has no backward pass.
                    return layer == 0 && !forward ? 0 : forward ? seconds : 2 * seconds
                }
            }
        case .freeMemory:
            assumed.limits.deviceMemoryBytes = nil
            assumed.limits.serverMemoryBytes = nil
        case .idealLink:
            assumed.link.roundTripSeconds = 0
        case .noOverlap:
            assumed.microBatches = 1
        }
        return assumed
    }
}

extension Calibration {
    /// Sets the time of every pass and scales its energies in proportion, since energy is power times time.
    mutating func setTimes(_ seconds: (_ calibration: Calibration, _ layer: Int, _ forward: Bool) -> Double) {
        let old = self
        for layer in layers.indices {
            layers[layer].forward.setTime(seconds(old, layer, true))
            layers[layer].backward.setTime(seconds(old, layer, false))
        }
    }

    /// Rated f32 operations per second at the running frequency; `nil` where the box does not report it.
    package var ratedSpeed: Double? {
        guard let hertz = frequency.runningHertz.value, hertz > 0, let flops = rated.flopsPerCyclePerCore.value,
            flops > 0, rated.cores > 0
        else { return nil }
        return hertz * flops * Double(rated.cores)
    }

    /// Sum of all passes of a step.
    var stepSeconds: Double {
        layers.reduce(0) { $0 + ($1.forward.timeSeconds.value ?? 0) + ($1.backward.timeSeconds.value ?? 0) }
    }

    private var stepOperations: Double {
        layers.reduce(0) { $0 + $1.description.forwardFlops + $1.description.backwardFlops }
    }

    /// Operations over rated speed; where that is not known, over the mean speed of the measured step.
    func seconds(byOperations layer: Int, _ forward: Bool) -> Double {
        let description = layers[layer].description
        guard stepOperations > 0, stepSeconds > 0 else { return 0 }
        return (forward ? description.forwardFlops : description.backwardFlops)
            / (ratedSpeed ?? stepOperations / stepSeconds)
    }

    /// Gives every block the same time, embedding and head none; the step's time stays.
    mutating func makeLayersIdentical() {
        let blocks = Double(model.blockCount)
        let forward = layers.reduce(0) { $0 + ($1.forward.timeSeconds.value ?? 0) } / blocks
        let backward = layers.reduce(0) { $0 + ($1.backward.timeSeconds.value ?? 0) } / blocks
        let last = layers.count - 1
        setTimes { _, layer, isForward in layer == 0 || layer == last ? 0 : isForward ? forward : backward }
    }
}
