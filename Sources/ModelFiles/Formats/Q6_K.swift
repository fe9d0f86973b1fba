/// 256 values in sixteen groups of 16: 128 bytes with the low four bits of the codes, 64 bytes with their upper two,
/// a signed byte s of scale for each group, and an f16 scale d; value = (d s) (q - 32).
///
/// In each half of 128 values, value 32 k + i (k in 0..<4) has its low bits in byte i + 32 (k mod 2) of the half's 64
/// (low half for k < 2, else high), and its upper two at bit 2 k of byte i of the half's 32. Source: ggml,
/// `ggml-common.h`, `block_q6_K`.
enum Q6_K: TensorFormat {
    static let name = "Q6_K"
    static let ggmlType: UInt32 = 14
    static let valuesPerBlock = 256
    static let bytesPerBlock = 210

    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>) {
        for block in 0..<blocks {
            let bytes = source + block &* 210
            let low = bytes.assumingMemoryBound(to: UInt8.self)
            let upper = (bytes + 128).assumingMemoryBound(to: UInt8.self)
            let groupScales = (bytes + 192).assumingMemoryBound(to: Int8.self)
            let scale = F16.single(at: bytes, 208)
            for group in 0..<16 {
                let half = group >> 3
                let quarter = (group >> 1) & 3
                let start = (group & 1) &* 16
                let lowCodes = low + (64 &* half &+ 32 &* (quarter & 1) &+ start)
                let upperCodes = upper + (32 &* half &+ start)
                let lowShift = UInt8(truncatingIfNeeded: (quarter >> 1) &* 4)
                let upperShift = UInt8(truncatingIfNeeded: quarter &* 2)
                let step = scale * Float(groupScales[group])
                let values = destination + (block &* 256 &+ group &* 16)
                for index in 0..<16 {
                    let code = (lowCodes[index] &>> lowShift) & 15 | ((upperCodes[index] &>> upperShift) & 3) << 4
                    values[index] = step * Float(Int32(code) &- 32)
                }
            }
        }
    }
}
