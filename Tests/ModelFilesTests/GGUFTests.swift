import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

@Suite("GGUF")
struct GGUFTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    func open(_ builder: GGUFBuilder, expecting: ModelConfig? = nil) throws -> GGUFWeights {
        try GGUFWeights(scratch.write("tiny.gguf", builder.bytes), expecting: expecting)
    }

    @Test("A file gives back the configuration and every tensor, q and k in Hugging Face's row order")
    func roundTrip() throws {
        let source = try open(TinyModel.gguf())
        var config = TinyModel.config
        config.rmsNormEpsilon = Double(Float(1e-5))
        #expect(source.config == config)
        #expect(source.kind == .gguf)
        for role in config.roles {
            #expect(try source.values(role) == TinyModel.weights().values(role), "\(role)")
        }
    }

    @Test("The converter's order of rows is another one")
    func rowOrderMatters() throws {
        let rows: [Float] = [0, 1, 2, 3, 10, 11, 12, 13]
        #expect(TinyModel.interleaved(rows, 1, 4) == [0, 2, 1, 3, 10, 12, 11, 13])
    }

    @Test("Every format is read from a file, interleaved rows included", arguments: TensorFormats.all.indices)
    func formats(_ index: Int) throws {
        let format = TensorFormats.all[index]
        var config = TinyModel.config
        config.hiddenSize = 256
        config.headSize = 128
        config.intermediateSize = 256
        var builder = try TinyModel.gguf(config)
        builder["llama.rope.dimension_count"] = .uint32(128)
        for tensor in builder.tensors.indices where builder.tensors[tensor].dimensions.count == 2 {
            let blocks = builder.tensors[tensor].data.count / 4 / format.valuesPerBlock
            // Bytes of no meaning, cut to what every format reads as finite numbers.
            builder.tensors[tensor].data = (0..<blocks * format.bytesPerBlock).map {
                UInt8(truncatingIfNeeded: $0 % 59)
            }
            builder.tensors[tensor].type = format.ggmlType
        }
        let source = try open(builder)
        for (role, heads) in [(TensorRole.projection(.q, block: 1), 2), (.projection(.down, block: 0), 0)] {
            let data = try #require(builder.tensors.first { $0.name == role.ggufName }).data
            var decoded = [Float](repeating: 0, count: data.count / format.bytesPerBlock * format.valuesPerBlock)
            data.withUnsafeBytes {
                format.decode($0.baseAddress!, blocks: data.count / format.bytesPerBlock, into: &decoded)
            }
            let values = try source.values(role)
            #expect(values.allSatisfy { $0.isFinite })
            #expect((heads == 0 ? values : TinyModel.interleaved(values, 256, 128)) == decoded)
            // Some rows alone, of parts of heads.
            let columns = config.shape(of: role).columns
            for rows in [0..<1, 3..<200, 255..<256] {
                let expected = Array(values[rows.lowerBound * columns..<rows.upperBound * columns])
                var part = [Float](repeating: .nan, count: expected.count)
                try part.withUnsafeMutableBufferPointer { try source.read(role, rows: rows, into: $0) }
                #expect(part == expected)
                let stored = source.storedFormat(of: role)
                #expect(stored?.rawValue == (format.valuesPerBlock > 1 ? format.name : nil))
                guard let stored, let rowBytes = stored.rowBytes(columns: columns) else { continue }
                var blocks = [UInt8](repeating: 0, count: rows.count * rowBytes)
                try blocks.withUnsafeMutableBytes { try source.readBlocks(role, rows: rows, in: stored, into: $0) }
                part.withUnsafeMutableBufferPointer { part in
                    blocks.withUnsafeBytes { blocks in
                        for row in 0..<rows.count {
                            stored.decode(
                                blocks.baseAddress! + row * rowBytes,
                                into: UnsafeMutableBufferPointer(rebasing: part[row * columns..<(row + 1) * columns]))
                        }
                    }
                }
                #expect(part == expected)
            }
        }
    }

    @Test("Blocks with a scale that is no number are refused")
    func infiniteScale() throws {
        var config = TinyModel.config
        (config.hiddenSize, config.headSize, config.intermediateSize) = (32, 16, 32)
        var builder = try TinyModel.gguf(config)
        builder["llama.rope.dimension_count"] = .uint32(16)
        builder.changeTensor("blk.0.ffn_up.weight") { tensor in
            tensor.type = Q8_0.ggmlType
            tensor.data = (0..<32).flatMap { row in [0x00, row == 31 ? 0x7C : 0x2C] + [UInt8](repeating: 1, count: 32) }
        }
        let source = try open(builder)
        let role = TensorRole.projection(.up, block: 0)
        var blocks = [UInt8](repeating: 0, count: 31 * 34)
        try blocks.withUnsafeMutableBytes { try source.readBlocks(role, rows: 0..<31, in: .q80, into: $0) }
        var last = [UInt8](repeating: 0, count: 34)
        let error = modelFileError {
            try last.withUnsafeMutableBytes { try source.readBlocks(role, rows: 31..<32, in: .q80, into: $0) }
        }
        #expect(error?.code == .malformed)
    }

    @Test("Without output.weight the head is the embedding")
    func tied() throws {
        var builder = try TinyModel.gguf()
        builder.tensors.removeAll { $0.name == "output.weight" }
        let source = try open(builder)
        #expect(source.config.tiedEmbeddings)
        #expect(try source.values(.lmHead) == source.values(.embedding))
    }

    @Test("rope_freqs.weight becomes one divisor a frequency")
    func ropeFrequencies() throws {
        var builder = try TinyModel.gguf()
        builder.tensors.append(.init(name: "rope_freqs.weight", dimensions: [2], type: 0, data: littleEndian([1, 32])))
        #expect(try open(builder).config.rope.scaling == .perFrequency([1, 32]))
        builder.changeTensor("rope_freqs.weight") { $0.data = littleEndian([1, 0]) }
        #expect(modelFileError { try open(builder) }?.code == .impossibleShape)
    }

    @Test("Linear scaling is read under its present and its former name")
    func linearScaling() throws {
        var builder = try TinyModel.gguf()
        builder["llama.rope.scaling.type"] = .text("linear")
        builder["llama.rope.scaling.factor"] = .float32(4)
        #expect(try open(builder).config.rope.scaling == .linear(factor: 4))
        builder = try TinyModel.gguf()
        builder["llama.rope.scale_linear"] = .float32(2)
        #expect(try open(builder).config.rope.scaling == .linear(factor: 2))
    }

    @Test("Metadata of every type are passed over, nested arrays too")
    func metadataTypes() throws {
        var builder = try TinyModel.gguf()
        let sizes: [UInt32: Int] = [0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 10: 8, 11: 8, 12: 8]
        for (type, size) in sizes.sorted(by: { $0.key < $1.key }) {
            let value = GGUFBuilder.Value(type: type, bytes: [UInt8](repeating: 0xFF, count: size))
            builder["test.scalar\(type)"] = value
            builder["test.array\(type)"] = .array(of: type, [value, value, value])
        }
        builder["test.bool"] = .bool(1)
        let texts = GGUFBuilder.Value.array(of: 8, [.text("a"), .text(""), .text("ü")])
        builder["tokenizer.ggml.tokens"] = texts
        builder["test.nested"] = .array(of: 9, [texts, .array(of: 9, [texts])])
        #expect(try open(builder).values(.finalNorm) == TinyModel.weights().values(.finalNorm))
    }

    @Test("The alignment that the file states is used")
    func alignment() throws {
        var builder = try TinyModel.gguf()
        builder.alignment = 128
        builder["general.alignment"] = .uint32(128)
        let role = TensorRole.projection(.up, block: 1)
        #expect(try open(builder).values(role) == TinyModel.weights().values(role))
        builder["general.alignment"] = .uint32(48)
        #expect(modelFileError { try open(builder) }?.code == .malformed)
    }

    @Test("A file that is cut while it is open gives an error")
    func cutWhileOpen() throws {
        let path = try scratch.write("tiny.gguf", TinyModel.gguf().bytes)
        let source = try GGUFWeights(path)
        let descriptor = try FileDescriptor.open(path, .readWrite)
        try descriptor.closeAfter { try descriptor.resize(to: 100) }
        #expect(modelFileError { try source.values(.embedding) }?.code == .truncated)
    }

    @Test("A window that a file of llama's architecture does not state is the model's")
    func windowOfTheModel() throws {
        var config = TinyModel.config
        config.variant.window = AttentionWindow(size: 3)
        #expect(try open(TinyModel.gguf(), expecting: config).config.variant.window == config.variant.window)
        #expect(try open(TinyModel.gguf()).config.variant.window == nil)
    }

    @Test("A wrong block or a buffer of another size is refused")
    func wrongRequests() throws {
        let source = try open(TinyModel.gguf())
        #expect(modelFileError { try source.values(.mlpNorm(block: 2)) }?.code == .missingTensor)
        #expect(modelFileError { try source.values(.mlpNorm(block: -1)) }?.code == .missingTensor)
        var small = [Float](repeating: 0, count: 3)
        let error = modelFileError {
            try small.withUnsafeMutableBufferPointer { try source.read(.finalNorm, into: $0) }
        }
        #expect(error?.code == .impossibleShape)
    }
}
