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

    func read(_ role: TensorRole, into destination: UnsafeMutableBufferPointer<Float>) throws(KerfError) {
        try config.validate(role, count: destination.count, file: file)
        guard let tensor = tensors[config.stored(role)], let base = destination.baseAddress else {
            throw KerfError(.missingTensor, at: file, "\(role.huggingFaceName) is missing")
        }
        try tensor.read(into: base)
        guard Self.isFinite(UnsafeBufferPointer(destination)) else {
            throw KerfError(
                .malformed, at: file, "\(role.huggingFaceName) holds a value that is not a finite number",
                remedy: "download the file again")
        }
    }

    /// Without branches, so that it takes a small part of the decoding's time.
    private static func isFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
        let exponent: UInt32 = 0x7F80_0000
        var found: UInt32 = 0
        for value in values { found |= value.bitPattern & exponent == exponent ? 1 : 0 }
        return found == 0
    }
}
