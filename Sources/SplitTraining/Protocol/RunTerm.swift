import ModelFiles
import SwiftProtobuf
import SystemIO

/// One property that both sides of a split must have alike, by name.
package struct RunTerm: Sendable, Hashable, Codable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: some CustomStringConvertible) {
        self.name = name
        self.value = value.description
    }

    /// - Parameters:
    ///   - first, second: who they are, as in "the device's".
    /// - Throws: ``KerfError/Code/mismatch`` with the first difference.
    package static func checkEqual(
        _ left: [RunTerm], of first: String, _ right: [RunTerm], of second: String
    ) throws(KerfError) {
        for term in left {
            guard let other = right.first(where: { $0.name == term.name }) else {
                throw KerfError(
                    .mismatch, "\(second) does not know the \(PlainText.quoted(term.name))",
                    remedy: "use the same version of Kerf on both sides")
            }
            guard other.value == term.value else {
                throw KerfError(
                    .mismatch,
                    "the \(term.name) differs: \(PlainText.shown(term.value, limit: 100)) on \(first), "
                        + "\(PlainText.shown(other.value, limit: 100)) on \(second)")
            }
        }
        guard left.count == right.count else {
            throw KerfError(
                .mismatch, "\(first) has \(left.count) properties to compare, \(second) \(right.count)",
                remedy: "use the same version of Kerf on both sides")
        }
    }

    /// A model and the identity of its weights.
    ///
    /// What a variant has as Llama has it is left out, so that the state of a training of an older version stays valid.
    package static func model(_ model: ModelConfig, weights: String) -> [RunTerm] {
        var llama = model
        llama.variant = ModelVariant()
        let variant = zip(model.variantTerms, llama.variantTerms).filter { $0.0.value != $0.1.value }
        return [
            RunTerm("hidden size", model.hiddenSize), RunTerm("blocks", model.blockCount),
            RunTerm("heads", model.headCount), RunTerm("key-value heads", model.keyValueHeadCount),
            RunTerm("head size", model.headSize), RunTerm("intermediate size", model.intermediateSize),
            RunTerm("vocabulary", model.vocabularySize), RunTerm("norm's epsilon", model.rmsNormEpsilon),
            RunTerm("rotary base", model.rope.theta), RunTerm("rotary scaling", Self.text(of: model.rope.scaling)),
            RunTerm("tied embeddings", model.tiedEmbeddings),
        ] + variant.map { RunTerm($0.0.name, $0.0.value) } + [RunTerm("weights", weights)]
    }

    private static func text(of scaling: RotaryEmbedding.Scaling?) -> String {
        switch scaling {
        case nil: "none"
        case .linear(let factor): "linear \(factor)"
        case .llama3(let factor, let low, let high, let length): "llama3 \(factor) \(low) \(high) \(length)"
        case .perFrequency(let divisors): "by frequency \(digest(divisors))"
        case .longRope(let rope):
            "longrope \(digest(rope.short + rope.long)) \(rope.originalContextLength) \(rope.attentionFactor)"
        }
    }

    private static func digest(_ values: [Float]) -> Substring {
        SHA256.hexDigest(of: values.flatMap { bytes(of: $0.bitPattern) }).prefix(16)
    }

    private static func bytes(of value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

    init(_ message: Kerf_Split_V1_Term) { self.init(message.name, message.value) }

    var message: Kerf_Split_V1_Term {
        .with {
            $0.name = name
            $0.value = value
        }
    }
}
