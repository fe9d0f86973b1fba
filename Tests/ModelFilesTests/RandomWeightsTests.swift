import Testing

@testable import ModelFiles

@Suite("Random weights")
struct RandomWeightsTests {
    static let model = ModelConfig(
        name: "random", hiddenSize: 256, blockCount: 32, headCount: 4, keyValueHeadCount: 2, headSize: 64,
        intermediateSize: 512, vocabularySize: 300, rmsNormEpsilon: 1e-5, rope: RotaryEmbedding(theta: 10_000),
        tiedEmbeddings: false)

    @Test("The same seed gives the same tensor, whatever was made before")
    func repeatable() throws {
        let role = TensorRole.projection(.down, block: 5)
        let alone = try RandomWeights(Self.model, seed: 1).values(role)
        let source = RandomWeights(Self.model, seed: 1)
        for role in Self.model.roles.prefix(20) { _ = try source.values(role) }
        #expect(try source.values(role) == alone)
        #expect(try RandomWeights(Self.model, seed: 2).values(role) != alone)
    }

    @Test("No two tensors begin alike")
    func distinct() throws {
        let source = RandomWeights(Self.model, seed: 1)
        let starts = try Set(Self.model.roles.map { try Array(source.values($0).prefix(4)) })
        #expect(starts.count == Self.model.roles.count)
    }

    @Test("Mean 0 and deviation 0.02 within rows and columns; norms around 1")
    func moments() throws {
        let source = RandomWeights(Self.model, seed: 11)
        let values = try source.values(.projection(.gate, block: 0))
        let (mean, deviation) = moments(values)
        // Standard errors over 131,072 uniform numbers: 5.5e-5 of the mean, 2.5e-5 of the deviation; five of them.
        #expect(abs(mean) < 2.8e-4)
        #expect(abs(deviation - 0.02) < 1.3e-4)
        #expect(values.allSatisfy { abs($0) <= 0.034642 })
        // Correlation of a row with the next, and of an element with its neighbor: 0 within five standard errors.
        #expect(abs(correlation(values.dropLast(256), values.dropFirst(256))) < 0.014)
        #expect(abs(correlation(values.dropLast(1), values.dropFirst(1))) < 0.014)
        let column = stride(from: 0, to: values.count, by: 256).map { values[$0] }
        #expect(abs(moments(column).deviation - 0.02) < 0.002)
        let (normMean, normDeviation) = moments(try source.values(.finalNorm))
        #expect(abs(normMean - 1) < 0.00625)
        #expect(abs(normDeviation - 0.02) < 0.002)
    }

    @Test("The numbers are those of the documented generator, so that profiles of random weights can be repeated")
    func pinned() throws {
        let values = try RandomWeights(Self.model, seed: 42).values(.projection(.q, block: 1))
        #expect(
            [values[0], values[1], values[256], values[65535]].map(\.bitPattern) == [
                0xBCCC081F, 0xBCB96156, 0xBCED34B4, 0xBCAD11F1,
            ])
    }

    @Test("With tied embeddings the head is the embedding")
    func tied() throws {
        var model = Self.model
        model.tiedEmbeddings = true
        let source = RandomWeights(model, seed: 1)
        #expect(try source.values(.lmHead) == source.values(.embedding))
        let untied = RandomWeights(Self.model, seed: 1)
        #expect(try untied.values(.lmHead) != untied.values(.embedding))
    }

    /// One token through 32 blocks. Its attention is to itself alone, so the attention's output is the value: of all
    /// sequences the one with the largest contribution, since averaging over tokens makes it smaller.
    @Test("The residual stream stays in a sane range through 32 blocks")
    func residualStream() throws {
        let source = RandomWeights(Self.model, seed: 3)
        var stream = Array(try source.values(.embedding).prefix(256))
        for block in 0..<Self.model.blockCount {
            let value = product(
                try source.values(.projection(.v, block: block)),
                normalized(stream, try source.values(.attentionNorm(block: block))))
            // Two heads share each head of keys and values.
            let shared = value[..<64] + value[..<64] + value[64...] + value[64...]
            add(product(try source.values(.projection(.o, block: block)), Array(shared)), to: &stream)
            let input = normalized(stream, try source.values(.mlpNorm(block: block)))
            let gate = product(try source.values(.projection(.gate, block: block)), input)
            let up = product(try source.values(.projection(.up, block: block)), input)
            let hidden = zip(gate, up).map { $0 / (1 + exponential(-$0)) * $1 }
            add(product(try source.values(.projection(.down, block: block)), hidden), to: &stream)
            let size = moments(stream).deviation
            #expect(size > 0.01 && size < 10, "block \(block): \(size)")
        }
    }

    private func product(_ matrix: [Float], _ vector: [Float]) -> [Float] {
        (0..<matrix.count / vector.count).map { row in
            var sum: Float = 0
            for column in vector.indices { sum += matrix[row * vector.count + column] * vector[column] }
            return sum
        }
    }

    private func normalized(_ vector: [Float], _ weights: [Float]) -> [Float] {
        let meanSquare = vector.reduce(0) { $0 + $1 * $1 } / Float(vector.count)
        return zip(vector, weights).map { $0 / (meanSquare + 1e-5).squareRoot() * $1 }
    }

    private func add(_ term: [Float], to vector: inout [Float]) {
        for index in vector.indices { vector[index] += term[index] }
    }

    /// e^x by its series, near enough for a sigmoid.
    private func exponential(_ x: Float) -> Float {
        var term = 1.0
        return Float(
            (1...40).reduce(into: 1.0) { sum, power in
                term *= Double(x) / Double(power)
                sum += term
            })
    }

    private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
        return (mean, variance.squareRoot())
    }

    private func correlation(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Double {
        let products = zip(left, right).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        return products / Double(left.count) / 0.0004
    }
}
