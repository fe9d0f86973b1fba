import Statistics
import SystemIO
import Testing

@testable import SplitTraining

/// Number formats of the wire, against plain definitions of them.
@Suite("Number formats of the wire")
struct TensorCodecTests {
    private static func roundTrip(_ values: [Float], _ format: WireFormat, rows: Int = 1) throws -> [Float] {
        let codec = TensorCodec(format: format, rows: rows, columns: values.count / rows)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: codec.encodedBytes, alignment: 64)
        defer { bytes.deallocate() }
        try values.withUnsafeBufferPointer { try codec.encode($0, into: bytes) }
        var decoded = [Float](repeating: .nan, count: values.count)
        try decoded.withUnsafeMutableBufferPointer { try codec.decode(UnsafeRawBufferPointer(bytes), into: $0) }
        return decoded
    }

    /// Values of all magnitudes, both signs, from random bits.
    private static func anyFinite(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            return value.isFinite ? value : 1
        }
    }

    /// The nearest of the two bf16 neighbors, in double; the even one of two that are equally near.
    private static func nearestBF16(_ value: Float) -> Float {
        let below = Float(bitPattern: value.bitPattern & 0xffff_0000)
        let aboveBits = (value.bitPattern & 0xffff_0000) &+ 0x1_0000
        // The successor of the largest bf16 counts as 2^128.
        let above = Float(bitPattern: aboveBits)
        let aboveValue = above.isInfinite ? Double(sign: value.sign, exponent: 128, significand: 1) : Double(above)
        let (down, up) = (abs(Double(value) - Double(below)), abs(aboveValue - Double(value)))
        if down != up { return down < up ? below : above }
        return below.bitPattern >> 16 & 1 == 0 ? below : above
    }

    @Test("f32 is exact, NaN and infinities included")
    func f32() throws {
        let values = Self.anyFinite(1000, seed: 1) + [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude]
        #expect(try Self.roundTrip(values, .f32).map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test("bf16 is the nearest, ties to even; NaN stays NaN, infinities stay")
    func bf16() throws {
        let ties = (0..<64).map { Float(bitPattern: 0x3f80_8000 + UInt32($0) << 16) }
        let values = Self.anyFinite(100_001, seed: 2) + ties + [Float.greatestFiniteMagnitude, -0.0]
        #expect(try Self.roundTrip(values, .bf16).map(\.bitPattern) == values.map { Self.nearestBF16($0).bitPattern })
        let odd = try Self.roundTrip([Float(bitPattern: 0x7f80_0001), -.nan, .infinity, -.infinity], .bf16)
        #expect(odd[0].isNaN && odd[1].isNaN && odd[2] == .infinity && odd[3] == -.infinity)
    }

    @Test("int8 is within half a step of each row's scale, and the largest value is exact")
    func int8() throws {
        var generator = SeededGenerator(seed: 3)
        for columns in [1, 15, 64, 577] {
            let values = (0..<7).flatMap { row -> [Float] in
                let magnitude = Float(sign: .plus, exponent: row * 20 - 60, significand: 1)
                return (0..<columns).map { _ in Float(generator.normal()) * magnitude }
            }
            let decoded = try Self.roundTrip(values, .int8, rows: 7)
            for row in 0..<7 {
                let range = row * columns..<(row + 1) * columns
                let peak = values[range].map(abs).max() ?? 0
                let step = Double(peak) / 127
                for index in range {
                    let error = abs(Double(decoded[index]) - Double(values[index]))
                    #expect(error <= step / 2 * (1 + 1e-5), "row \(row), \(values[index]) became \(decoded[index])")
                    if abs(values[index]) == peak { #expect(error <= step * 1e-5) }
                }
            }
        }
    }

    @Test("int8: zeros stay zeros, and tiny rows become zeros instead of NaN")
    func tiny() throws {
        let values: [Float] = [0, -0.0, .leastNonzeroMagnitude, 1e-38, -1e-35]
        #expect(try Self.roundTrip(values, .int8).allSatisfy { $0 == 0 })
    }

    @Test("int8 refuses a row with NaN or infinity, and names it", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(value: Float) throws {
        var values = [Float](repeating: 1, count: 4 * 33)
        values[2 * 33 + 32] = value
        #expect { try Self.roundTrip(values, .int8, rows: 4) } throws: {
            let error = $0 as? KerfError
            return error?.code == .unusableData && error?.message.contains("row 2") == true
        }
    }

    @Test(
        "int8 refuses a scale from the wire that is negative or not finite",
        arguments: [-1, Float.nan, .infinity, -0.0])
    func badScale(scale: Float) throws {
        let codec = TensorCodec(format: .int8, rows: 2, columns: 4)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: codec.encodedBytes, alignment: 4)
        defer { bytes.deallocate() }
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        bytes.storeBytes(of: scale, toByteOffset: 4, as: Float.self)
        var values = [Float](repeating: 0, count: 8)
        #expect(throws: KerfError.self) {
            try values.withUnsafeMutableBufferPointer { try codec.decode(UnsafeRawBufferPointer(bytes), into: $0) }
        }
    }

    @Test("encoded sizes, empty matrices too")
    func sizes() throws {
        #expect(WireFormat.allCases.map { TensorCodec(format: $0, rows: 3, columns: 5).encodedBytes } == [60, 30, 27])
        for format in WireFormat.allCases { #expect(try Self.roundTrip([], format).isEmpty) }
    }
}
