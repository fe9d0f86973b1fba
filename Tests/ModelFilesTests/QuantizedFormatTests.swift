import Statistics
import Testing

@testable import ModelFiles

@Suite("Quantizing")
struct QuantizedFormatTests {
    private func encoded(_ values: [Float], _ format: QuantizedFormat) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xFF, count: try #require(format.rowBytes(columns: values.count)))
        values.withUnsafeBufferPointer { values in
            bytes.withUnsafeMutableBytes { format.encode(values, into: $0.baseAddress!) }
        }
        return bytes
    }

    private func decoded(_ bytes: [UInt8], _ format: QuantizedFormat, count: Int) -> [Float] {
        var values = [Float](repeating: .nan, count: count)
        values.withUnsafeMutableBufferPointer { values in
            bytes.withUnsafeBytes { format.decode($0.baseAddress!, into: values) }
        }
        return values
    }

    private func random(_ count: Int, seed: UInt64, around middle: Float = 0) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in middle + Float.random(in: -1...1, using: &generator) }
    }

    /// Half a step, and what f16 and 6-bit scales add: the largest error as a part of the largest magnitude.
    private static let limits: [QuantizedFormat: Float] = [
        .int8: 0.5 / 127, .q80: 0.6 / 127, .q40: 1.05 / 8, .q41: 1.05 / 15, .q4K: 1.6 / 15, .q6K: 1.3 / 32,
    ]

    @Test("Values come back to within a step", arguments: QuantizedFormat.allCases)
    func comeBack(_ format: QuantizedFormat) throws {
        for (seed, middle) in [(1, 0), (2, 0), (3, 0.5), (4, -2)] as [(UInt64, Float)] {
            let values = random(768, seed: seed, around: middle)
            let again = decoded(try encoded(values, format), format, count: values.count)
            let scale = values.map(\.magnitude).max()!
            let error = zip(values, again).map { ($0 - $1).magnitude }.max()!
            #expect(error <= Self.limits[format]! * scale, "\(format), middle \(middle): \(error / scale)")
        }
    }

    @Test("Multiples of a scale stay as they are", arguments: [QuantizedFormat.int8, .q80, .q40])
    func isIdempotent(_ format: QuantizedFormat) throws {
        let once = decoded(try encoded(random(512, seed: 5), format), format, count: 512)
        let twice = decoded(try encoded(once, format), format, count: 512)
        let scale = once.map(\.magnitude).max()!
        #expect(zip(once, twice).allSatisfy { ($0 - $1).magnitude <= 1e-3 * scale }, "\(format)")
    }

    @Test("Rows of zeros, of one value, and beyond f16's range", arguments: QuantizedFormat.allCases)
    func extremes(_ format: QuantizedFormat) throws {
        let zeros = [Float](repeating: 0, count: 256)
        #expect(try decoded(encoded(zeros, format), format, count: 256).allSatisfy { $0 == 0 })
        for value in [1, -1, 1e-3, 6e4] as [Float] {
            let same = decoded(try encoded(Array(repeating: value, count: 256), format), format, count: 256)
            #expect(
                same.allSatisfy { ($0 - value).magnitude <= 0.1 * value.magnitude }, "\(format) \(value): \(same[0])")
        }
        let large = decoded(try encoded(Array(repeating: 3e38, count: 256), format), format, count: 256)
        #expect(large.allSatisfy { $0.isFinite })
    }

    @Test("Rows of part blocks have no size", arguments: QuantizedFormat.allCases)
    func sizes(_ format: QuantizedFormat) {
        #expect(format.rowBytes(columns: 512) == format.byteCount(rows: 1, columns: 512))
        #expect((format.rowBytes(columns: 40) == nil) == (format != .int8))
        #expect((format.rowBytes(columns: 96) == nil) == (format == .q4K || format == .q6K))
        #expect(QuantizedFormat(named: format.rawValue.uppercased()) == format)
        #expect(QuantizedFormat(named: "q5_k") == nil)
    }

    @Test("Scales that are no numbers are seen", arguments: QuantizedFormat.allCases)
    func scales(_ format: QuantizedFormat) throws {
        var bytes = try encoded(random(512, seed: 6), format)
        #expect(bytes.withUnsafeBytes { format.hasFiniteScales($0) })
        switch format {
        case .int8: bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [0x80, 0x7F])
        // The last block's scale.
        case .q6K: bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [0x00, 0x7C])
        default:
            let block = bytes.count / (512 / format.valuesPerBlock)
            bytes.replaceSubrange(bytes.count - block..<bytes.count - block + 2, with: [0x01, 0xFC])
        }
        #expect(!bytes.withUnsafeBytes { format.hasFiniteScales($0) })
    }

    @Test("Halves are rounded as the language's own type rounds")
    func halves() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<100_000 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            guard value.magnitude <= 65_504 else { continue }
            #expect(F16.half(value) == Float16(value).bitPattern, "\(value)")
        }
        #expect(F16.single(F16.half(1e9)) == 65_504 && F16.single(F16.half(-1e9)) == -65_504)
        #expect(F16.half(65_519) == 0x7BFF && F16.half(2e-8) == 0 && F16.half(-1e-7) == 0x8002)
    }
}
