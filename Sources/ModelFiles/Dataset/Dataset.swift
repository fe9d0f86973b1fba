import SystemIO
import SystemPackage

/// The data of a training run: token ids in the order of their file, and which of them are targets.
///
/// The name's extension says what a file holds:
///
/// | extension | content |
/// |---|---|
/// | `.txt` | text, one stream of tokens |
/// | `.jsonl` | a document a line: `{"text": ...}`, or `{"prompt": ..., "completion": ...}`, whose prompt is not a target |
/// | `.ids` | token ids, separated by white space |
///
/// A byte-order mark is not part of the text, and UTF-16 with one is read.
///
/// Each document of a `.jsonl` file is followed by the tokenizer's end token, if it has one. Tokens that the tokenizer
/// puts before or after a text are not added.
package struct Dataset: Sendable {
    /// Largest file in bytes.
    package static let byteLimit = 1 << 30

    /// As the user named it.
    package let path: String
    /// SHA-256 of the file, by which a run names its data.
    package let sha256: String
    /// `[position]`
    let tokens: [Int32]
    /// Whether the token at a position is a target.
    let targets: TargetMask

    package var tokenCount: Int { tokens.count }

    /// Reads a file and turns its text into tokens. Memory is the file, twice with a byte-order mark, 4 bytes a token, and
    /// a bit a token.
    ///
    /// - Parameters:
    ///   - tokenizer: needed for text; token ids need none.
    ///   - vocabularySize: rows of the model's embedding; the tokenizer's vocabulary if `nil`.
    /// - Throws: ``KerfError``: no such file, a Git LFS pointer to one, larger than 1 GiB, another extension, text that is
    ///   not UTF-8, a line that is not a document (with its number), an id that is not in the vocabulary.
    package init(path: String, tokenizer: Tokenizer?, vocabularySize: Int? = nil) throws(KerfError) {
        let kind = FilePath(path).extension.flatMap(DatasetKind.init)
        guard let kind else {
            // A file that is not there has no kind either.
            _ = try RegularFile.contents(of: FilePath(path), limit: Self.byteLimit)
            throw KerfError(
                .unsupported, at: path, "is of no kind that Kerf trains on",
                remedy: "give a file of text (.txt), of JSON lines (.jsonl) or of token ids (.ids)")
        }
        let bytes = try RegularFile.contents(of: FilePath(path), limit: Self.byteLimit)
        // Text may be of any kind, a web page too; a pointer is short and stands for the data.
        if bytes.count < 1024, let foreign = ForeignContent(bytes), foreign.isPointer {
            throw KerfError(.malformed, at: path, foreign.message, remedy: foreign.remedy)
        }
        let text = try TextBytes.utf8(bytes, file: path, remedy: "save the file as UTF-8")
        let reader = DatasetReader(path: path, tokenizer: tokenizer)
        let outcome = text.withUnsafeBufferPointer { bytes in
            Result { () throws(KerfError) in try reader.read(kind, bytes) }
        }
        if case .failure = outcome, kind != .text || String(validating: text, as: UTF8.self) == nil {
            try ForeignContent.check(text, file: path)
        }
        (tokens, targets) = try outcome.get()
        self.path = path
        sha256 = SHA256.hexDigest(of: bytes)
        let size = vocabularySize ?? tokenizer?.vocabularySize ?? .max
        if let wrong = tokens.first(where: { $0 >= size }) {
            throw KerfError(
                .unusableData, at: path, "holds the token id \(wrong), but the vocabulary has \(size) tokens",
                remedy: "give the tokenizer and the data of this model")
        }
    }
}

/// What a file of training data holds, by its extension.
enum DatasetKind: String {
    case text = "txt"
    case jsonLines = "jsonl"
    case tokenIDs = "ids"
}

/// One bit for each token: whether it is a target. Without a prompt all are, and nothing is stored.
struct TargetMask: Sendable {
    private var words: [UInt64] = []
    private var count = 0
    private var isUniform = true

    /// - Parameter isTarget: of all `added` tokens.
    mutating func append(_ isTarget: Bool, count added: Int) {
        if isUniform, isTarget {
            count += added
            return
        }
        if isUniform {
            isUniform = false
            words = [UInt64](repeating: .max, count: (count + 63) / 64)
        }
        words += [UInt64](repeating: 0, count: (count + added + 63) / 64 - words.count)
        for position in count..<count + added {
            let bit: UInt64 = 1 << (position % 64)
            if isTarget { words[position / 64] |= bit } else { words[position / 64] &= ~bit }
        }
        count += added
    }

    subscript(position: Int) -> Bool { isUniform || words[position / 64] >> (position % 64) & 1 == 1 }

    /// Whether all tokens are targets.
    var hasAll: Bool { isUniform }
}
