import SystemIO

extension ModelConfig {
    /// Parameters of the whole model, norms included. Overflows only for sizes that ``validate(file:name:)`` refuses.
    package var parameterCount: Int {
        let vocabularyMatrices = tiedEmbeddings ? 1 : 2
        return blockCount * (blockMatrixElements + blockVectorElements)
            + vocabularyMatrices * vocabularySize * hiddenSize + hiddenSize
    }

    /// Elements of a block's projections.
    package var blockMatrixElements: Int {
        Projection.allCases.reduce(0) { sum, projection in
            let (rows, columns) = shape(of: projection)
            return sum + rows * columns
        }
    }

    /// Elements of a block's norms and biases.
    package var blockVectorElements: Int {
        vectors(block: 0).reduce(2 * hiddenSize) { $0 + shape(of: $1).columns }
    }

    /// Refuses impossible shapes before anything is allocated for them.
    ///
    /// The bounds are several times those of the largest Llama model (405 billion parameters: hidden size 16,384, 126
    /// blocks), and low enough that no product of them overflows.
    ///
    /// - Parameter name: the name of a field in the file.
    func validate(file: String, name: (ConfigField) -> String) throws(KerfError) {
        let sizes: [(ConfigField, Int, ClosedRange<Int>)] = [
            (.hiddenSize, hiddenSize, 1...65_536),
            (.blockCount, blockCount, 1...1024),
            (.headCount, headCount, 1...4096),
            (.keyValueHeadCount, keyValueHeadCount, 1...4096),
            (.headSize, headSize, 2...4096),
            (.intermediateSize, intermediateSize, 1...1_048_576),
            (.vocabularySize, vocabularySize, 1...4_194_304),
        ]
        for (field, size, allowed) in sizes where !allowed.contains(size) {
            throw impossible("\(name(field)) is \(size); it must be \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        if headCount % keyValueHeadCount != 0 {
            throw impossible(
                "\(name(.headCount)) \(headCount) is not a multiple of \(name(.keyValueHeadCount)) \(keyValueHeadCount)"
            )
        }
        if headSize % 2 != 0 {
            throw impossible("\(name(.headSize)) is \(headSize); rotary embedding needs an even size")
        }
        if parameterCount > 1_000_000_000_000 {
            throw impossible("the shapes give \(parameterCount) parameters, more than 10^12")
        }
        if !(rmsNormEpsilon > 0 && rmsNormEpsilon < 1) {
            throw impossible("\(name(.rmsNormEpsilon)) is \(rmsNormEpsilon); it must be between 0 and 1")
        }
        if !(rope.theta >= 1 && rope.theta <= 1e15) {
            throw impossible("\(name(.ropeTheta)) is \(rope.theta); it must be between 1 and 1e15")
        }
        if let reason = rope.scaling?.defect(rotarySize: rotarySize) {
            throw impossible("\(name(.ropeScaling)): \(reason)")
        }
        try validateVariant(file: file, name: name)

        func impossible(_ message: String) -> KerfError {
            KerfError(.impossibleShape, at: file, message)
        }
    }

    private func validateVariant(file: String, name: (ConfigField) -> String) throws(KerfError) {
        func impossible(_ message: String) -> KerfError { KerfError(.impossibleShape, at: file, message) }
        if let size = variant.rotarySize, size % 2 != 0 || !(2...headSize).contains(size) {
            throw impossible(
                "\(name(.rotarySize)) rotates \(size) of \(headSize) elements of a head; it must be an even part of them"
            )
        }
        if let window = variant.window, !(1...1 << 30).contains(window.size) {
            throw impossible("\(name(.window)) is \(window.size); it must be 1 to \(1 << 30)")
        }
        if let theta = windowRope?.theta, !(theta >= 1 && theta <= 1e15) {
            throw impossible("\(name(.windowRopeTheta)) is \(theta); it must be between 1 and 1e15")
        }
        let factors: [(ConfigField, Double?)] = [
            (.embeddingScale, variant.embeddingScale), (.attentionScale, variant.attentionScale),
            (.attentionSoftCap, variant.attentionSoftCap), (.logitSoftCap, variant.logitSoftCap),
        ]
        for case (let field, let factor?) in factors where !(factor > 1e-6 && factor < 1e6) {
            throw impossible("\(name(field)) gives a factor of \(factor); it must be between 1e-6 and 1e6")
        }
    }

    /// Refuses weights that belong to another model.
    ///
    /// The scaling of rotary frequencies is not compared: a GGUF file stores that of Llama 3 as one divisor for each
    /// frequency.
    ///
    /// - Parameters:
    ///   - expected: the configuration that was requested.
    ///   - file: the weights that have this configuration.
    func validate(against expected: ModelConfig, file: String) throws(KerfError) {
        let pairs: [(ConfigField, String, String)] = [
            (.hiddenSize, "\(hiddenSize)", "\(expected.hiddenSize)"),
            (.blockCount, "\(blockCount)", "\(expected.blockCount)"),
            (.headCount, "\(headCount)", "\(expected.headCount)"),
            (.keyValueHeadCount, "\(keyValueHeadCount)", "\(expected.keyValueHeadCount)"),
            (.headSize, "\(headSize)", "\(expected.headSize)"),
            (.intermediateSize, "\(intermediateSize)", "\(expected.intermediateSize)"),
            (.vocabularySize, "\(vocabularySize)", "\(expected.vocabularySize)"),
            (.tiedEmbeddings, "\(tiedEmbeddings)", "\(expected.tiedEmbeddings)"),
            // GGUF stores these two as f32.
            (.rmsNormEpsilon, "\(Float(rmsNormEpsilon))", "\(Float(expected.rmsNormEpsilon))"),
            (.ropeTheta, "\(Float(rope.theta))", "\(Float(expected.rope.theta))"),
        ]
        for (field, found, wanted) in pairs where found != wanted {
            throw KerfError(
                .impossibleShape, at: file,
                "\(field.huggingFace) is \(found), but \(wanted) in \(quoted(expected.name))",
                remedy: "give the model that these weights belong to")
        }
        for (found, wanted) in zip(variantTerms, expected.variantTerms) where found.value != wanted.value {
            throw KerfError(
                .impossibleShape, at: file,
                "\(found.name): \(found.value), but \(wanted.value) in \(quoted(expected.name))",
                remedy: "give the model that these weights belong to")
        }
    }

    /// The variant and what goes with it, in words, for comparing two models: as many entries for every model.
    package var variantTerms: [(name: String, value: String)] {
        // GGUF stores numbers as f32.
        func text(_ value: Double?) -> String { value.map { "\(Float($0))" } ?? "none" }
        return [
            ("biases of q, k and v", "\(variant.attentionBiases)"),
            ("norms of queries and keys", "\(variant.queryKeyNorms)"),
            ("norms after attention and MLP", "\(variant.postNorms)"),
            ("activation", variant.activation.rawValue), ("scale of the embedding", text(variant.embeddingScale)),
            ("scale of attention", text(attentionScale)), ("soft cap of attention", text(variant.attentionSoftCap)),
            ("soft cap of the logits", text(variant.logitSoftCap)), ("rotated elements of a head", "\(rotarySize)"),
            ("sliding window", variant.window.map { "\($0.size)" } ?? "none"),
            ("layers without a window", "\(variant.window?.fullLayers ?? [])"),
            ("rotary base of blocks with a window", text(windowRope?.theta)),
        ]
    }

    /// Checks the number of elements of a tensor's rows.
    ///
    /// - Throws: ``KerfError`` when the model has no such block or `count` differs.
    func validate(_ role: TensorRole, rows wanted: Range<Int>, count: Int, file: String) throws(KerfError) {
        if let block = role.block, !(0..<blockCount).contains(block) {
            throw KerfError(.missingTensor, at: file, "has no block \(block); its \(blockCount) blocks count from 0")
        }
        let (rows, columns) = shape(of: role)
        guard wanted.lowerBound >= 0, wanted.upperBound <= rows, count == wanted.count * columns else {
            throw KerfError(
                .impossibleShape, at: file,
                "\(role.huggingFaceName) has \(rows) x \(columns) elements, but there is room for \(count)")
        }
    }
}

extension RotaryEmbedding.Scaling {
    /// Why the parameters are impossible; `nil` when they are valid.
    fileprivate func defect(rotarySize: Int) -> String? {
        switch self {
        case .linear(let factor):
            return factor.isFinite && factor > 0 ? nil : "factor is \(factor); it must be positive"
        case .llama3(let factor, let low, let high, let context):
            if !(factor.isFinite && factor > 0) { return "factor is \(factor); it must be positive" }
            if !(low.isFinite && high.isFinite && low > 0 && high > low) {
                return "high_freq_factor \(high) must be above low_freq_factor \(low), and both above 0"
            }
            let contexts = 1...(1 << 40)
            return contexts.contains(context) ? nil : "original_max_position_embeddings is \(context)"
        case .perFrequency(let divisors):
            return Self.defect(divisors, rotarySize)
        case .longRope(let rope):
            let (context, factor) = (rope.originalContextLength, rope.attentionFactor)
            if !(1...(1 << 40)).contains(context) { return "original_max_position_embeddings is \(context)" }
            if !(factor > 0 && factor < 1e6) { return "attention_factor is \(factor); it must be positive" }
            return Self.defect(rope.short, rotarySize) ?? Self.defect(rope.long, rotarySize)
        }
    }

    private static func defect(_ divisors: [Float], _ rotarySize: Int) -> String? {
        if divisors.count != rotarySize / 2 {
            return "\(divisors.count) divisors for \(rotarySize / 2) frequencies"
        }
        return divisors.allSatisfy { $0.isFinite && $0 > 0 } ? nil : "a divisor is not a positive number"
    }
}
