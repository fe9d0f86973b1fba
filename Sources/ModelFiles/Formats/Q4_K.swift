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
    /// scales 4-7 (low half) and minima 4-7 (high half), whose upper two bits are those left over in bytes 0-7.
    @inline(__always)
    private static func scaleAndMinimum(_ packed: UnsafePointer<UInt8>, group: Int) -> (scale: UInt8, minimum: UInt8) {
        if group < 4 { return (packed[group] & 63, packed[group &+ 4] & 63) }
        let low = packed[group &+ 4]
        return (low & 15 | (packed[group &- 4] >> 6) << 4, low >> 4 | (packed[group] >> 6) << 4)
    }
}
