/// IEEE 754 half precision.
enum F16: TensorFormat {
    static let name = "F16"
    static let ggmlType: UInt32 = 1
    static let valuesPerBlock = 1
    static let bytesPerBlock = 2

    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>) {
        for index in 0..<blocks {
            destination[index] = single(source.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self))
        }
    }

    /// Half to single precision, exact for every value, in integer steps that vectorise.
    ///
    /// Exponent and mantissa move to their places and the exponent's bias is corrected. An all-ones exponent (infinity,
    /// NaN) is corrected again. A zero exponent (zero, subnormal) gets an implicit one by going up an exponent, and
    /// loses it by a subtraction. Never touches a subnormal f32, which some libraries set the processor to flush.
    @inline(__always)
    static func single(_ half: UInt16) -> Float {
        let exponentMask: UInt32 = 0x7C00 << 13
        let smallestNormal = Float(bitPattern: 113 << 23)
        let shifted = UInt32(half & 0x7FFF) << 13
        let exponent = shifted & exponentMask
        let normal = shifted &+ (112 << 23)
        let special = normal &+ (112 << 23)
        let subnormal = (Float(bitPattern: normal &+ (1 << 23)) - smallestNormal).bitPattern
        let magnitude = exponent == exponentMask ? special : exponent == 0 ? subnormal : normal
        return Float(bitPattern: magnitude | UInt32(half & 0x8000) << 16)
    }

    /// The half at a byte offset, little-endian.
    @inline(__always)
    static func single(at source: UnsafeRawPointer, _ offset: Int = 0) -> Float {
        single(source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
}
