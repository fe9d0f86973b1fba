import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

@Suite("SmolLM2-135M-Instruct, Q4_1", .enabled(if: TestModel.path != nil, "\(TestModel.absence)"))
struct SmolLM2Tests {
    let source: any WeightSource

    init() throws {
        let path: FilePath = try #require(TestModel.path)
        source = try WeightSources.open(try ModelReference.resolve("smollm2-135m"), weights: path, seed: 0)
    }

    @Test("The preset is the file's model")
    func config() throws {
        var expected = try ModelReference.resolve("smollm2-135m")
        expected.rmsNormEpsilon = Double(Float(expected.rmsNormEpsilon))
        #expect(source.config == expected)
        #expect(source.config.parameterCount == 134_515_008)
        #expect(source.kind == .gguf)
    }

    @Test("Whole tensors are the reference's", arguments: GoldenTensor.smolLM2.indices)
    func tensors(_ index: Int) throws {
        let golden = GoldenTensor.smolLM2[index]
        let values = try source.values(golden.role)
        for (element, bits) in golden.elements { #expect(values[element].bitPattern == bits, "element \(element)") }
        var sum = 0.0
        var weightedSum = 0.0
        var absoluteSum = 0.0
        values.withUnsafeBufferPointer { values in
            for index in 0..<values.count {
                let value = Double(values[index])
                sum += value
                weightedSum += value * Double(index % 1009)
                absoluteSum += abs(value)
            }
        }
        // Sums in f64 of up to 28 million terms; only the order of addition differs.
        #expect(abs(sum - golden.sum) < 1e-9 * golden.absoluteSum)
        #expect(abs(absoluteSum - golden.absoluteSum) < 1e-9 * golden.absoluteSum)
        #expect(abs(weightedSum - golden.weightedSum) < 1e-6 * golden.absoluteSum)
    }

    @Test("Every tensor of the model is there and finite")
    func complete() throws {
        for role in source.config.roles where role != .embedding {
            #expect(try source.values(role).allSatisfy { $0.isFinite }, "\(role)")
        }
    }

    @Test("The file cut short is refused")
    func truncated() throws {
        let scratch = try Scratch()
        let model: FilePath = try #require(TestModel.path)
        let file = try FileDescriptor.open(model, .readOnly)
        let start = try file.closeAfter {
            try [UInt8](unsafeUninitializedCapacity: 4 << 20) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
        for count in [4, 23, 24, 1000, 100_000, 1_000_000, 1_785_664, 4 << 20] {
            let path = try scratch.write("cut.gguf", Array(start.prefix(count)))
            #expect(modelFileError { try GGUFWeights(path) }?.code == .truncated, "\(count) bytes")
        }
    }
}
