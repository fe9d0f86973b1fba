import SystemIO

/// Weights whose matrices stay quantized in memory. Norms are f32, as always.
package struct QuantizedWeights: WeightSource {
    /// In which formats.
    package enum Choice: Sendable, Hashable {
        /// Those of the file; a matrix that is not quantized there stays in the number format of the step.
        case stored
        /// One for all matrices. What has another format is quantized when it is read.
        case format(QuantizedFormat)

        /// `stored`, or the format's name.
        package var name: String {
            switch self {
            case .stored: "stored"
            case .format(let format): format.rawValue
            }
        }
    }

    private let source: any WeightSource
    package let choice: Choice

    /// - Throws: ``KerfError``: `unsupported` where nothing is stored quantized, or where a row of a matrix is no whole
    ///   number of blocks.
    package init(_ source: any WeightSource, _ choice: Choice) throws(KerfError) {
        self.source = source
        self.choice = choice
        let matrices = source.config.roles.filter(\.isMatrix)
        switch choice {
        case .stored:
            guard matrices.contains(where: { source.storedFormat(of: $0) != nil }) else {
                throw KerfError(
                    .unsupported, at: source.origin, "has no quantized matrix",
                    remedy: .weightFormat)
            }
        case .format(let format):
            for role in matrices {
                let columns = source.config.shape(of: role).columns
                guard format.rowBytes(columns: columns) == nil else { continue }
                throw KerfError(
                    .unsupported, at: source.config.name,
                    "\(role.huggingFaceName) has rows of \(columns) values, no whole number of \(format.rawValue)'s "
                        + "blocks of \(format.valuesPerBlock)",
                    remedy: .text("use " + Self.formats(for: source.config)))
            }
        }
    }

    package var config: ModelConfig { source.config }
    package var kind: WeightsKind { source.kind }
    package var origin: String { source.origin }

    package func read(
        _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        try source.read(role, rows: rows, into: destination)
    }

    package func storedFormat(of role: TensorRole) -> QuantizedFormat? { source.storedFormat(of: role) }

    package func quantizedFormat(of role: TensorRole) -> QuantizedFormat? {
        guard role.isMatrix else { return nil }
        return switch choice {
        case .stored: source.storedFormat(of: role)
        case .format(let format): format
        }
    }

    package func readBlocks(
        _ role: TensorRole, rows: Range<Int>, in format: QuantizedFormat,
        into destination: UnsafeMutableRawBufferPointer
    ) throws {
        try source.readBlocks(role, rows: rows, in: format, into: destination)
    }

    /// The formats that all matrices of a model can have.
    private static func formats(for model: ModelConfig) -> String {
        let formats = QuantizedFormat.allCases.filter { format in
            model.roles.filter(\.isMatrix).allSatisfy { format.rowBytes(columns: model.shape(of: $0).columns) != nil }
        }
        return formats.map(\.rawValue).joined(separator: ", ")
    }
}
