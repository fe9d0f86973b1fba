/// 32 values: an f16 scale d, then 32 signed bytes q; value = d q.
///
/// Source: ggml, `ggml-common.h`, `block_q8_0`.
enum Q8_0: TensorFormat {
    static let name = "Q8_0"
    static let ggmlType: UInt32 = 8
    static let valuesPerBlock = 32
    static let bytesPerBlock = 34

    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>) {
        for block in 0..<blocks {
            let bytes = source + block &* 34
            let values = destination + block &* 32
            let scale = F16.single(at: bytes)
            let codes = (bytes + 2).assumingMemoryBound(to: Int8.self)
            for index in 0..<32 { values[index] = scale * Float(codes[index]) }
        }
    }
}

/// 32 values: an f16 scale d, then 16 bytes with two 4-bit codes each; value = d (q - 8).
///
/// The low half of byte i is value i, the high half value i + 16. Source: ggml, `ggml-common.h`, `block_q4_0`.
enum Q4_0: TensorFormat {
    static let name = "Q4_0"
    static let ggmlType: UInt32 = 2
    static let valuesPerBlock = 32
    static let bytesPerBlock = 18

    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>) {
        for block in 0..<blocks {
            let bytes = source + block &* 18
            let values = destination + block &* 32
            let scale = F16.single(at: bytes)
            let codes = (bytes + 2).assumingMemoryBound(to: UInt8.self)
            for index in 0..<16 {
                values[index] = scale * Float(Int32(codes[index] & 15) &- 8)
                values[index &+ 16] = scale * Float(Int32(codes[index] >> 4) &- 8)
            }
        }
    }
}

/// 32 values: an f16 scale d, an f16 minimum m, then 16 bytes with two 4-bit codes each; value = d q + m.
///
/// The low half of byte i is value i, the high half value i + 16. Source: ggml, `ggml-common.h`, `block_q4_1`.
enum Q4_1: TensorFormat {
    static let name = "Q4_1"
    static let ggmlType: UInt32 = 3
    static let valuesPerBlock = 32
    static let bytesPerBlock = 20

    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>) {
        for block in 0..<blocks {
            let bytes = source + block &* 20
            let values = destination + block &* 32
            let scale = F16.single(at: bytes)
            let minimum = F16.single(at: bytes, 2)
            let codes = (bytes + 4).assumingMemoryBound(to: UInt8.self)
            for index in 0..<16 {
                values[index] = scale * Float(codes[index] & 15) + minimum
                values[index &+ 16] = scale * Float(codes[index] >> 4) + minimum
            }
        }
    }
}
