/// The upper half of an IEEE 754 single.
enum BF16: TensorFormat {
    static let name = "BF16"
    static let ggmlType: UInt32 = 30
    static let valuesPerBlock = 1
    static let bytesPerBlock = 2

    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>) {
        for index in 0..<blocks {
            let upper = source.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)
            destination[index] = Float(bitPattern: UInt32(upper) << 16)
        }
    }
}
