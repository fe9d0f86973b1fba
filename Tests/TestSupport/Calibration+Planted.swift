import Calibration
import ProfileFormat
import SystemIO

extension Calibration {
    /// A calibration of a planted profile, without pooling groups, so that a test may set the values of its layers.
    package static func planted(_ profile: SyntheticProfile) throws -> Calibration {
        var calibration = try pooled(profile)
        calibration.pooling = nil
        for layer in calibration.layers.indices {
            calibration.layers[layer].forward.pooled = nil
            calibration.layers[layer].backward.pooled = nil
        }
        return calibration
    }

    /// A calibration of a planted profile.
    package static func pooled(_ profile: SyntheticProfile) throws -> Calibration {
        try Calibrator.calibrate([Calibrator.Input(name: "p.json", bytes: try KerfJSON.encode(profile.make()))])
    }

    /// Gives every layer the same need of memory.
    package mutating func plantMemory(megabytes: Int, scratch: Int = 0) {
        for index in layers.indices {
            layers[index].description.memory = LayerMemory(
                weightBytes: megabytes * 1_000_000, adapterBytes: 0, optimizerBytes: 0, activationBytes: 0,
                scratchBytes: scratch * 1_000_000)
        }
    }
}
