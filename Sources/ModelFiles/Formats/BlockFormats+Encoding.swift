// Quantizing by the largest values of each group: fast, and the formats' own rounding. llama.cpp's quantizer searches for
// better scales in the K formats, so that its files are closer to the original than these.

extension Q8_0: QuantizingFormat {
    static let scaleOffsets = [0]

    static func encode(_ values: UnsafePointer<Float>, blocks: Int, into destination: UnsafeMutableRawPointer) {
        for block in 0..<blocks {
            let (values, bytes) = (values + 32 * block, destination + bytesPerBlock * block)
            let scale = F16.store(largestMagnitude(values, 32) / 127, at: bytes)
            let inverse = scale == 0 ? 0 : 1 / scale
            for index in 0..<32 {
                let code = Int8(clamped(values[index] * inverse, -127...127))
                bytes.storeBytes(of: code, toByteOffset: 2 + index, as: Int8.self)
            }
        }
    }
}

extension Q4_0: QuantizingFormat {
    static let scaleOffsets = [0]

    /// The value of largest magnitude is -8 times the scale, whose sign it so gives.
    static func encode(_ values: UnsafePointer<Float>, blocks: Int, into destination: UnsafeMutableRawPointer) {
        for block in 0..<blocks {
            let (values, bytes) = (values + 32 * block, destination + bytesPerBlock * block)
            let scale = F16.store(extreme(values, 32) / -8, at: bytes)
            let inverse = scale == 0 ? 0 : 1 / scale
            func code(_ index: Int) -> UInt8 { UInt8(clamped(values[index] * inverse + 8, 0...15)) }
            for index in 0..<16 {
                bytes.storeBytes(of: code(index) | code(index + 16) << 4, toByteOffset: 2 + index, as: UInt8.self)
            }
        }
    }
}

extension Q4_1: QuantizingFormat {
    static let scaleOffsets = [0, 2]

    static func encode(_ values: UnsafePointer<Float>, blocks: Int, into destination: UnsafeMutableRawPointer) {
        for block in 0..<blocks {
            let (values, bytes) = (values + 32 * block, destination + bytesPerBlock * block)
            let (least, greatest) = bounds(values, 32)
            let scale = F16.store((greatest - least) / 15, at: bytes)
            let minimum = F16.store(least, at: bytes + 2)
            let inverse = scale == 0 ? 0 : 1 / scale
            func code(_ index: Int) -> UInt8 { UInt8(clamped((values[index] - minimum) * inverse, 0...15)) }
            for index in 0..<16 {
                bytes.storeBytes(of: code(index) | code(index + 16) << 4, toByteOffset: 4 + index, as: UInt8.self)
            }
        }
    }
}

extension Q4_K: QuantizingFormat {
    static let scaleOffsets = [0, 2]

    static func encode(_ values: UnsafePointer<Float>, blocks: Int, into destination: UnsafeMutableRawPointer) {
        for block in 0..<blocks {
            let (values, bytes) = (values + 256 * block, destination + bytesPerBlock * block)
            // Minima are subtracted, and none is negative.
            let groups = (0..<8).map { group in
                let (least, greatest) = bounds(values + 32 * group, 32)
                return (minimum: max(0, -least), step: (greatest - min(0, least)) / 15)
            }
            let scale = F16.store((groups.map(\.step).max() ?? 0) / 63, at: bytes)
            let minimumScale = F16.store((groups.map(\.minimum).max() ?? 0) / 63, at: bytes + 2)
            let scales = groups.map { UInt8(clamped(scale == 0 ? 0 : $0.step / scale, 0...63)) }
            let minima = groups.map { UInt8(clamped(minimumScale == 0 ? 0 : $0.minimum / minimumScale, 0...63)) }
            for group in 0..<4 {
                let later = group + 4
                bytes.storeBytes(
                    of: scales[group] | (scales[later] & 0x30) << 2, toByteOffset: 4 + group, as: UInt8.self)
                bytes.storeBytes(
                    of: minima[group] | (minima[later] & 0x30) << 2, toByteOffset: 8 + group, as: UInt8.self)
                bytes.storeBytes(
                    of: scales[later] & 15 | (minima[later] & 15) << 4, toByteOffset: 12 + group, as: UInt8.self)
            }
            for pair in 0..<4 {
                for index in 0..<32 {
                    func code(_ group: Int) -> UInt8 {
                        let step = scale * Float(scales[group])
                        let moved = values[32 * group + index] + minimumScale * Float(minima[group])
                        return UInt8(clamped(step == 0 ? 0 : moved / step, 0...15))
                    }
                    bytes.storeBytes(
                        of: code(2 * pair) | code(2 * pair + 1) << 4, toByteOffset: 16 + 32 * pair + index,
                        as: UInt8.self)
                }
            }
        }
    }
}

extension Q6_K: QuantizingFormat {
    static let scaleOffsets = [208]

    static func encode(_ values: UnsafePointer<Float>, blocks: Int, into destination: UnsafeMutableRawPointer) {
        for block in 0..<blocks {
            let (values, bytes) = (values + 256 * block, destination + bytesPerBlock * block)
            let steps = (0..<16).map { extreme(values + 16 * $0, 16) / -32 }
            let scale = F16.store((steps.map(\.magnitude).max() ?? 0) / 127, at: bytes + 208)
            let scales = steps.map { Int8(clamped(scale == 0 ? 0 : $0 / scale, -127...127)) }
            for (group, scale) in scales.enumerated() {
                bytes.storeBytes(of: scale, toByteOffset: 192 + group, as: Int8.self)
            }
            func code(_ index: Int) -> UInt8 {
                let step = scale * Float(scales[index / 16])
                return UInt8(clamped((step == 0 ? 0 : values[index] / step) + 32, 0...63))
            }
            for half in 0..<2 {
                for index in 0..<32 {
                    let codes = (0..<4).map { code(128 * half + 32 * $0 + index) }
                    let low = 64 * half + index
                    bytes.storeBytes(of: codes[0] & 15 | (codes[2] & 15) << 4, toByteOffset: low, as: UInt8.self)
                    bytes.storeBytes(of: codes[1] & 15 | (codes[3] & 15) << 4, toByteOffset: low + 32, as: UInt8.self)
                    let upper = codes.reversed().reduce(0) { $0 << 2 | $1 >> 4 }
                    bytes.storeBytes(of: upper, toByteOffset: 128 + 32 * half + index, as: UInt8.self)
                }
            }
        }
    }
}

/// The nearest whole number within a range.
@inline(__always)
private func clamped(_ value: Float, _ range: ClosedRange<Float>) -> Float {
    max(range.lowerBound, min(range.upperBound, value.rounded(.toNearestOrEven)))
}

/// The value of largest magnitude, with its sign.
@inline(__always)
private func extreme(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var extreme: Float = 0
    for index in 0..<count where values[index].magnitude > extreme.magnitude { extreme = values[index] }
    return extreme
}

@inline(__always)
private func bounds(_ values: UnsafePointer<Float>, _ count: Int) -> (least: Float, greatest: Float) {
    var (least, greatest) = (values[0], values[0])
    for index in 1..<count {
        least = min(least, values[index])
        greatest = max(greatest, values[index])
    }
    return (least, greatest)
}
