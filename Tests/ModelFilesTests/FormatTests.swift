import TestSupport
import Testing

@testable import ModelFiles

@Suite("Tensor formats")
struct FormatTests {
    @Test("Every format decodes to the reference's bits", arguments: GoldenBlocks.all.indices)
    func decodesAsReference(_ index: Int) throws {
        let golden = GoldenBlocks.all[index]
        let format = try #require(TensorFormats.all.first { $0.name == golden.format })
        let source = bytes(hexadecimal: golden.blocks)
        #expect(source.count % format.bytesPerBlock == 0)
        #expect(littleEndian(decode(source, format)) == bytes(hexadecimal: golden.values))
    }

    @Test("Every format has a reference")
    func allHaveReference() {
        #expect(TensorFormats.all.map { $0.name } == GoldenBlocks.all.map(\.format))
    }

    @Test("Every half converts as the language's own type does")
    func halves() {
        for bits in 0...UInt16.max {
            let expected = Float(Float16(bitPattern: bits))
            let converted = F16.single(bits)
            if expected.isNaN {
                #expect(converted.isNaN)
            } else if converted.bitPattern != expected.bitPattern {
                Issue.record("half \(bits) became \(converted), not \(expected)")
            }
        }
    }

    @Test("Sources need no alignment")
    func unaligned() throws {
        for golden in GoldenBlocks.all {
            let format = try #require(TensorFormats.all.first { $0.name == golden.format })
            let source = bytes(hexadecimal: golden.blocks)
            #expect(
                decode([0xFF] + source, format, from: 1).map(\.bitPattern) == decode(source, format).map(\.bitPattern))
        }
    }

    @Test("Byte counts refuse rows of part blocks and numbers that overflow")
    func byteCounts() {
        #expect(StoredTensor.byteCount(Q4_1.self, elements: 64, columns: 32) == 40)
        #expect(StoredTensor.byteCount(Q4_1.self, elements: 64, columns: 16) == nil)
        #expect(StoredTensor.byteCount(F32.self, elements: Int.max, columns: 1) == nil)
    }

    @Test("A type that is not decoded still has a name")
    func names() {
        #expect(TensorFormats.ggmlName(13) == "Q5_K")
        #expect(TensorFormats.ggmlName(12) == "Q4_K")
        #expect(TensorFormats.ggmlName(9999) == "number 9999")
    }

    private func decode(_ source: [UInt8], _ format: any TensorFormat.Type, from start: Int = 0) -> [Float] {
        let blocks = (source.count - start) / format.bytesPerBlock
        return [Float](unsafeUninitializedCapacity: blocks * format.valuesPerBlock) { values, count in
            source.withUnsafeBytes { bytes in
                format.decode(bytes.baseAddress! + start, blocks: blocks, into: values.baseAddress!)
            }
            count = blocks * format.valuesPerBlock
        }
    }
}
