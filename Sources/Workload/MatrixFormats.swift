import ModelFiles

/// Which of a model's weight matrices are quantized in memory, and how; the others have the number format of the step.
package struct MatrixFormats: Sendable, Hashable {
    private let formats: [TensorRole: QuantizedFormat]

    /// No matrix is quantized.
    package static let plain = MatrixFormats([:])

    package init(_ formats: [TensorRole: QuantizedFormat]) { self.formats = formats }

    /// Those that a source gives its matrices.
    package init(_ source: any WeightSource) {
        self.init(
            source.config.roles.reduce(into: [:]) { formats, role in
                formats[role] = source.quantizedFormat(of: role)
            })
    }

    /// All matrices in one format.
    package init(_ format: QuantizedFormat, model: ModelConfig) {
        self.init(
            model.roles.filter(\.isMatrix).reduce(into: [:]) { formats, role in formats[role] = format })
    }

    package subscript(role: TensorRole) -> QuantizedFormat? { formats[role] }

    package var isPlain: Bool { formats.isEmpty }

    /// The formats of a model's matrices, the quantized ones first; `nil` where none is quantized.
    package func names(of model: ModelConfig, plain: NumberFormat) -> [String]? {
        guard !isPlain else { return nil }
        let used = Set(formats.values)
        let hasPlain = model.roles.contains { $0.isMatrix && formats[model.stored($0)] == nil }
        return QuantizedFormat.allCases.filter(used.contains).map(\.rawValue) + (hasPlain ? [plain.rawValue] : [])
    }

    /// Whether all of some blocks, from 0, have the same formats.
    package func areAlike(blocks: Range<Int>) -> Bool {
        blocks.allSatisfy { block in
            Projection.allCases.allSatisfy {
                formats[.projection($0, block: block)] == formats[.projection($0, block: blocks.lowerBound)]
            }
        }
    }

    /// Bytes of a matrix once, without padding.
    package func byteCount(of role: TensorRole, model: ModelConfig, format: NumberFormat) -> Int {
        let role = model.stored(role)
        let (rows, columns) = model.shape(of: role)
        return formats[role]?.byteCount(rows: rows, columns: columns) ?? format.byteCount * rows * columns
    }
}
