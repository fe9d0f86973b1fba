import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// Whether calibrations are of the same work. Boxes, engines, threads and weights may differ; what is computed may not.
enum WorkloadCheck {
    /// - Throws: ``KerfError/Code/unusableData`` naming the first field that differs.
    static func check(_ other: ComparisonInput, against baseline: ComparisonInput) throws {
        let (own, theirs) = (Subject(baseline.calibration), Subject(other.calibration))
        // The layers' sizes follow from model and workload, which are what the user chose.
        guard
            let difference = try JSONDifference.first(between: own.chosen, and: theirs.chosen)
                ?? JSONDifference.first(between: own, and: theirs)
        else { return }
        throw KerfError(
            .unusableData, at: other.side.name,
            "cannot be compared with \(baseline.side.name): \(difference.path) is \(difference.right) here and "
                + "\(difference.left) there",
            remedy: .sameWorkload)
    }

    /// The part of a calibration that must be equal.
    private struct Subject: Encodable {
        struct Chosen: Encodable {
            var model: ModelDescription
            var workload: WorkloadDescription
        }

        var model: ModelDescription
        var workload: WorkloadDescription
        var layers: [LayerDescription]

        var chosen: Chosen { Chosen(model: model, workload: workload) }

        init(_ calibration: Calibration) {
            model = calibration.model.ignoringWeights
            workload = calibration.workload.ignoringThreads
            layers = calibration.layers.map { layer in
                // What a layer needs of memory and its traffic depend on the engine and its threads, and operations on
                // the version that counts them.
                var description = layer.description
                (description.memory, description.kernels) = (nil, nil)
                (description.forwardFlops, description.backwardFlops) = (0, 0)
                return description
            }
        }
    }

    /// Relative difference of a layer's operations from which it is told.
    private static let operationsDifference = 0.01

    /// Layers of the same shapes whose operations are counted otherwise: by another version of Kerf, or by a program that
    /// does the work in another way.
    static func notes(_ other: ComparisonInput, against baseline: ComparisonInput) -> [String] {
        for (own, theirs) in zip(baseline.calibration.layers, other.calibration.layers) {
            let (own, theirs) = (own.description, theirs.description)
            for (pass, one, two) in [
                ("forward", own.forwardFlops, theirs.forwardFlops),
                ("backward", own.backwardFlops, theirs.backwardFlops),
            ] where abs(one - two) > operationsDifference * max(one, two) {
                return [
                    "Operations are counted otherwise in \(baseline.side.name) and \(other.side.name): first, "
                        + "\(NumberText.si(one, "FLOP")) and \(NumberText.si(two, "FLOP")) in layer \(own.index) \(pass)."
                ]
            }
        }
        return []
    }
}
