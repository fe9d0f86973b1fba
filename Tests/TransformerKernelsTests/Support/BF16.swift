/// bf16 by its definition, apart from the kernels' way of rounding.
enum BF16 {
    static func value(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    /// The nearest bf16; of two as near, the one with an even last bit. For finite numbers.
    static func bits(_ x: Float) -> UInt16 {
        let below = UInt16(truncatingIfNeeded: x.bitPattern >> 16)
        let above = below &+ 1
        let down = abs(Double(x) - Double(value(below)))
        let up = abs(Double(value(above)) - Double(x))
        if down == up { return below % 2 == 0 ? below : above }
        return down < up ? below : above
    }

    static func rounded(_ x: Float) -> Float { value(bits(x)) }
}
