import SystemIO

/// The tensors of a checkpoint, by role; common to ``GGUFWeights`` and ``SafetensorsWeights``.
struct TensorTable: Sendable {
    let config: ModelConfig
    /// For error messages.
    let file: String
    private var tensors: [TensorRole: StoredTensor] = [:]

    /// - Parameter find: returns the tensor for a role, or throws an error.
    init(
        _ config: ModelConfig, file: String, find: (TensorRole) throws(KerfError) -> StoredTensor
    ) throws(KerfError) {
        self.config = config
        self.file = file
        for role in config.roles { tensors[role] = try find(role) }
    }

    func read(
        _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(KerfError) {
        try config.validate(role, rows: rows, count: destination.count, file: file)
        guard let base = destination.baseAddress else { throw missing(role) }
        try tensor(role).read(rows: rows, into: base)
        guard Self.isFinite(UnsafeBufferPointer(destination)) else { throw notFinite(role) }
    }

    /// The quantized format of a tensor.
    func storedFormat(of role: TensorRole) -> QuantizedFormat? {
        tensors[config.stored(role)].flatMap { QuantizedFormat(rawValue: $0.format.name) }
    }

    /// Writes the blocks of rows; the tensor must have a ``storedFormat(of:)``.
    func readStored(
        _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableRawBufferPointer
    ) throws(KerfError) {
        guard let format = storedFormat(of: role), let base = destination.baseAddress else { throw missing(role) }
        let tensor = try tensor(role)
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= tensor.rows
                && destination.count == rows.count * tensor.bytesPerRow)
        try tensor.readBlocks(rows: rows, into: base)
        for row in 0..<rows.count {
            let bytes = destination[row * tensor.bytesPerRow..<(row + 1) * tensor.bytesPerRow]
            guard format.hasFiniteScales(UnsafeRawBufferPointer(rebasing: bytes)) else { throw notFinite(role) }
        }
    }

    private func tensor(_ role: TensorRole) throws(KerfError) -> StoredTensor {
        guard let tensor = tensors[config.stored(role)] else { throw missing(role) }
        return tensor
    }

    private func missing(_ role: TensorRole) -> KerfError {
        KerfError(.missingTensor, at: file, "\(role.huggingFaceName) is missing")
    }

    private func notFinite(_ role: TensorRole) -> KerfError {
        KerfError(
            .malformed, at: file, "\(role.huggingFaceName) holds a value that is not a finite number",
            remedy: "download the file again")
    }

    /// Without branches, so that it takes a small part of the decoding's time.
    private static func isFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
        let exponent: UInt32 = 0x7F80_0000
        var found: UInt32 = 0
        for value in values { found |= value.bitPattern & exponent == exponent ? 1 : 0 }
        return found == 0
    }
}
