extension SeededGenerator {
    /// Uniform in 0 to 1.
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Standard normal, as a sum of twelve uniforms: its tails end at 6, which is far enough for planted noise.
    public mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += unit() }
        return sum
    }
}
