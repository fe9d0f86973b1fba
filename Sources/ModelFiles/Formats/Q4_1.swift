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
