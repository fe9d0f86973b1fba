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
