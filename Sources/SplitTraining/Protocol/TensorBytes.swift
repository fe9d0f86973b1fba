import TransformerKernels

/// Numbers as little-endian bytes, the layout of all tensors that Kerf sends or stores. Kerf runs on little-endian
/// processors only.
enum TensorBytes {
    static func bytes<Number>(of numbers: [Number]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

    static func numbers<Number: ExpressibleByIntegerLiteral>(
        _ bytes: some Collection<UInt8>, _: Number.Type = Number.self
    ) -> [Number] {
        var numbers = [Number](repeating: 0, count: bytes.count / MemoryLayout<Number>.size)
        numbers.withUnsafeMutableBytes { $0.copyBytes(from: bytes.prefix($0.count)) }
        return numbers
    }

    /// Parameters, first and second moments of blocks, block by block.
    static func bytes(of states: [AdapterState]) -> [UInt8] {
        states.flatMap { bytes(of: $0.parameters) + bytes(of: $0.firstMoments) + bytes(of: $0.secondMoments) }
    }

    /// - Parameter count: numbers of one block's parameters; the bytes are those of whole blocks.
    static func states(_ bytes: [UInt8], count: Int) -> [AdapterState] {
        let size = count * MemoryLayout<Float>.size
        return stride(from: 0, to: bytes.count, by: max(1, 3 * size)).map { start in
            func part(_ index: Int) -> [Float] { numbers(bytes[(start + index * size)..<(start + (index + 1) * size)]) }
            return AdapterState(parameters: part(0), firstMoments: part(1), secondMoments: part(2))
        }
    }
}
