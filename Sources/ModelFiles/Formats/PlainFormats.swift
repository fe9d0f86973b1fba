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

    /// Half to single precision, exact for every value, in integer operations that vectorize.
    ///
    /// Exponent and mantissa are shifted into place and the exponent's bias is corrected. An all-ones exponent (infinity,
    /// NaN) is corrected twice. For a zero exponent (zero, subnormal) the exponent is raised by one, which adds an
    /// implicit one, and a subtraction removes it again. No step has a subnormal f32, which some libraries set the
    /// processor to flush to zero.
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

    /// Single to half precision, rounded to nearest, ties to even. Magnitudes above 65,504 become 65,504.
    static func half(_ single: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: single.bitPattern >> 16) & 0x8000
        let magnitude = min(single.magnitude, 65_504)
        let bits = magnitude.bitPattern
        // Below the smallest normal half, 2^-14, the bits count steps of 2^-24.
        guard bits >= 113 << 23 else { return sign | UInt16((magnitude * 16_777_216).rounded(.toNearestOrEven)) }
        let rounded = bits &+ 0xFFF &+ (bits >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded &- (112 << 23)) >> 13)
    }

    /// Stores a value in half precision, and returns what was stored.
    @inline(__always)
    static func store(_ value: Float, at destination: UnsafeMutableRawPointer) -> Float {
        let half = half(value)
        destination.storeBytes(of: half, as: UInt16.self)
        return single(half)
    }

    /// The little-endian half at a byte offset, in single precision.
    @inline(__always)
    static func single(at source: UnsafeRawPointer, _ offset: Int = 0) -> Float {
        single(source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
}

/// bfloat16: the upper half of an IEEE 754 single.
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
