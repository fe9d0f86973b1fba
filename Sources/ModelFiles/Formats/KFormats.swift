/// 256 values in eight groups of 32: f16 scales d and dmin, 12 bytes with a 6-bit scale s and a 6-bit minimum m for
/// each group, then 128 bytes with two 4-bit codes each; value = (d s) q - (dmin m).
///
/// Bytes 32 c ..< 32 c + 32 hold group 2 c in their low halves and group 2 c + 1 in their high halves. Source: ggml,
/// `ggml-common.h`, `block_q4_K`.
enum Q4_K: TensorFormat {
    static let name = "Q4_K"
    static let ggmlType: UInt32 = 12
    static let valuesPerBlock = 256
    static let bytesPerBlock = 144

    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>) {
        for block in 0..<blocks {
            let bytes = source + block &* 144
            let scale = F16.single(at: bytes)
            let minimumScale = F16.single(at: bytes, 2)
            let packed = (bytes + 4).assumingMemoryBound(to: UInt8.self)
            for group in 0..<8 {
                let (groupScale, groupMinimum) = scaleAndMinimum(packed, group: group)
                let step = scale * Float(groupScale)
                let minimum = minimumScale * Float(groupMinimum)
                let codes = (bytes + 16 + 32 &* (group >> 1)).assumingMemoryBound(to: UInt8.self)
                let values = destination + (block &* 256 &+ group &* 32)
                let shift = UInt8(truncatingIfNeeded: (group & 1) &* 4)
                for index in 0..<32 { values[index] = step * Float((codes[index] &>> shift) & 15) - minimum }
            }
        }
    }

    /// Twelve bytes hold eight scales and eight minima of 6 bits.
    ///
    /// Bytes 0-3 hold scales 0-3 and bytes 4-7 minima 0-3 in their low six bits. Bytes 8-11 hold the low four bits of
    /// scales 4-7 (low half) and minima 4-7 (high half); their upper two bits are the upper two bits of bytes 0-7.
    @inline(__always)
    private static func scaleAndMinimum(_ packed: UnsafePointer<UInt8>, group: Int) -> (scale: UInt8, minimum: UInt8) {
        if group < 4 { return (packed[group] & 63, packed[group &+ 4] & 63) }
        let low = packed[group &+ 4]
        return (low & 15 | (packed[group &- 4] >> 6) << 4, low >> 4 | (packed[group] >> 6) << 4)
    }
}

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
