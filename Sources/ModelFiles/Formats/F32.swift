/// IEEE 754 single precision.
enum F32: TensorFormat {
    static let name = "F32"
    static let ggmlType: UInt32 = 0
    static let valuesPerBlock = 1
    static let bytesPerBlock = 4

    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(destination).copyMemory(from: source, byteCount: blocks * bytesPerBlock)
    }
}
