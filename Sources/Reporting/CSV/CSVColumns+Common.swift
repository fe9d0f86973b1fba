import ProfileFormat
import Quantities
import Workload

/// Columns that several tables have.
extension CSVColumns {
    /// The parts of a quantity, a column each: `time_seconds`, `time_lower_seconds`, ..., `time_reason`.
    ///
    /// - Parameters:
    ///   - name: without the unit.
    ///   - unit: the last word of the field's name in Kerf's files.
    mutating func add(
        _ name: String, in unit: String, _ meaning: String, quantity: @escaping (Row) -> Quantity?
    ) {
        add("\(name)_\(unit)", meaning) { quantity($0)?.value }
        add("\(name)_lower_\(unit)", "Lower bound of its interval") { quantity($0)?.lower }
        add("\(name)_upper_\(unit)", "Upper bound of its interval") { quantity($0)?.upper }
        add("\(name)_confidence", "Confidence of the interval") { quantity($0)?.confidence }
        add("\(name)_count", "Number of observations") { quantity($0)?.count }
        add("\(name)_degrees_of_freedom", "Degrees of freedom of Student's t, where the interval is one") {
            quantity($0)?.degreesOfFreedom
        }
        add("\(name)_origin", "How it was obtained; unavailable where it is missing") { quantity($0)?.origin }
        add("\(name)_reason", "Why it or its interval is missing, or how it was obtained") { quantity($0)?.reason }
    }

    mutating func addLayer(_ layers: [LayerDescription], _ layer: @escaping (Row) -> Int?) {
        add("layer", "0 the embedding, 1 to L the blocks, L + 1 the head") { layer($0) }
        add("kind", "embedding, block or head") { row -> LayerDescription.Kind? in
            layer(row).flatMap { layers.indices.contains($0) ? layers[$0].kind : nil }
        }
    }

    mutating func addPass(_ layers: [LayerDescription], _ pass: @escaping (Row) -> LayerPass?) {
        addLayer(layers) { pass($0)?.layer }
        add("direction", "forward or backward") { pass($0)?.direction }
    }

    mutating func addOrigin(_ origin: Origin) {
        add("origin", "How the row's values were obtained") { _ in origin }
    }
}
