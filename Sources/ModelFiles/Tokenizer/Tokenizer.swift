import SystemIO
import SystemPackage

/// Turns text into the token ids of a model and back, as Hugging Face's `tokenizers` does.
///
/// A byte-pair encoding, byte-level or SentencePiece-style, from a GGUF file's metadata or a `tokenizer.json`. A file's
/// settings for truncation and padding are not applied.
package struct Tokenizer: Sendable {
    /// Name of the file that it came from.
    package let origin: String
    /// Largest token id plus one. A model's vocabulary may have further rows, which no text needs.
    package let vocabularySize: Int
    /// The token at the start of a text, if the file names one.
    package let bosToken: Int32?
    /// The token at the end of a text, if the file names one.
    package let eosToken: Int32?

    private let definition: TokenizerDefinition
    /// Added tokens that are found in the text as it is.
    private let literalTokens: AddedTokens
    /// Added tokens that are found in the normalized text.
    private let normalizedTokens: AddedTokens
    private let contents: [Int32: [UInt8]]
    private let specialIDs: Set<Int32>

    /// Opens the tokenizer of a model.
    ///
    /// - Parameter path: a GGUF file, a `tokenizer.json`, or a folder with one.
    /// - Throws: ``KerfError`` for a file that is missing, damaged, or whose tokenizer is not supported.
    package static func open(_ path: FilePath) throws(KerfError) -> Tokenizer {
        if RegularFile.isDirectory(path) {
            return try HuggingFaceTokenizer.open(path.appending(HuggingFaceTokenizer.fileName))
        }
        let (descriptor, _) = try RegularFile.open(path)
        let start: [UInt8]
        do {
            start = try descriptor.closeAfter { try BoundedRead(descriptor, limit: GGUFHeader.magic.count).bytes }
        } catch let errno as Errno {
            throw KerfError(errno, doing: "read", at: path.string)
        } catch {
            throw KerfError(.ioError, at: path.string, "cannot read: \(error)")
        }
        return start == GGUFHeader.magic ? try GGUFTokenizer.open(path) : try HuggingFaceTokenizer.open(path)
    }

    init(_ definition: TokenizerDefinition, origin: String) {
        self.definition = definition
        self.origin = origin
        bosToken = definition.bosToken
        eosToken = definition.eosToken
        let added = definition.addedTokens.map { entry in
            var entry = entry
            if entry.isNormalized {
                entry.token.content = definition.normalizer.reduce(entry.token.content) { $1.apply($0) }
            }
            return entry
        }
        literalTokens = AddedTokens(added.filter { !$0.isNormalized }.map(\.token))
        normalizedTokens = AddedTokens(added.filter(\.isNormalized).map(\.token))
        contents = Dictionary(added.map { ($0.token.id, $0.token.content) }) { $1 }
        specialIDs = Set(added.filter(\.token.isSpecial).map(\.token.id))
        let largest = added.map { Int($0.token.id) + 1 }.max() ?? 0
        vocabularySize = max(definition.model.vocabulary.size, largest)
    }

    /// The token ids of a text.
    ///
    /// - Parameters:
    ///   - addSpecialTokens: whether the tokens that the file puts before and after a text are added. Special tokens that
    ///     the text itself contains are found in either case.
    ///   - isContinuation: whether the text follows another one, so that no space is put in front of it.
    package func encode(_ text: String, addSpecialTokens: Bool = true, isContinuation: Bool = false) -> [Int32] {
        var text = text
        return text.withUTF8 { encode($0, addSpecialTokens: addSpecialTokens, isContinuation: isContinuation) }
    }

    /// - Parameter bytes: valid UTF-8.
    func encode(
        _ bytes: UnsafeBufferPointer<UInt8>, addSpecialTokens: Bool, isContinuation: Bool
    ) -> [Int32] {
        var ids = addSpecialTokens ? definition.before : []
        var encoder = BytePairEncoder(definition.model)
        for part in literalTokens.parts(of: bytes, in: 0..<bytes.count) {
            switch part {
            case .token(let id): ids.append(id)
            case .text(let range):
                let isFirst = range.lowerBound == 0
                let steps = definition.normalizer(isContinuation: isContinuation && isFirst)
                if steps.isEmpty {
                    encodeNormalized(bytes, in: range, isFirst: isFirst, isContinuation, &encoder, &ids)
                } else {
                    steps.reduce(Array(bytes[range])) { $1.apply($0) }.withUnsafeBufferPointer {
                        encodeNormalized($0, in: 0..<$0.count, isFirst: isFirst, isContinuation, &encoder, &ids)
                    }
                }
            }
        }
        return addSpecialTokens ? ids + definition.after : ids
    }

    private func encodeNormalized(
        _ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>, isFirst: Bool, _ isContinuation: Bool,
        _ encoder: inout BytePairEncoder, _ ids: inout [Int32]
    ) {
        for part in normalizedTokens.parts(of: bytes, in: range) {
            switch part {
            case .token(let id): ids.append(id)
            case .text(let text):
                let isStart = isFirst && text.lowerBound == range.lowerBound
                let cutter = definition.preTokenizer(isContinuation: isContinuation && isStart)
                cutter.forEachWord(bytes, in: text, isFirst: isStart) { encoder.append($0, to: &ids) }
            }
        }
    }

    /// The text of token ids. Ids without a token are left out; bytes that are not UTF-8 become U+FFFD.
    package func decode(_ ids: [Int32], skipsSpecialTokens: Bool = true) -> String {
        let tokens = ids.compactMap { id -> [UInt8]? in
            if skipsSpecialTokens && specialIDs.contains(id) { return nil }
            return contents[id] ?? definition.model.vocabulary.content(id).map { Array($0) }
        }
        guard let steps = definition.decoder else {
            return tokens.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        }
        let parts = steps.reduce(tokens) { $1.apply($0) }
        return String(decoding: parts.joined(), as: UTF8.self)
    }
}
